#!/usr/bin/env node
// Plain JavaScript on purpose: an older Node must get as far as this message.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `Slipway runs on Node 24 or later; this is Node ${process.versions.node}.\n` +
      'Use `npm start`: `npm ci` has put the right Node into node_modules/.bin (Linux, x64 and arm64).\n' +
      'On another platform install Node 24 yourself.',
  );
  process.exit(1);
}
await import('./main.ts');
