import { needsNode } from '../host/node-version.js';

needsNode('Run the worker with node_modules/.bin/node');
await import('./main.ts');
