#!/usr/bin/env node
import { needsNode } from '../host/node-version.js';

needsNode('Use `npm run start:emulators`');
await import('./main.ts');
