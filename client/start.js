#!/usr/bin/env node
import { needsNode } from '../host/node-version.js';

needsNode('Use `npm run slipway --` or `npx slipway`');
await import('./main.ts');
