#!/usr/bin/env node
import { needsNode } from '../host/node-version.js';

needsNode('Use `npm start`');
await import('./main.ts');
