#!/usr/bin/env node
import { needsNode } from '../../host/node-version.js';

needsNode('Use `npm run demo`');
await import('./main.ts');
