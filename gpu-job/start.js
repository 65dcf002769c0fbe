/** Plain JavaScript, so that a Node too old to read TypeScript says so instead of failing at the first type. */
const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  console.error(
    `Slipway's worker needs Node ${NEEDED} or later; this is Node ${process.versions.node}. ` +
      'Run it with the Node that `npm ci` installs (node_modules/.bin/node), or install a newer one.',
  );
  process.exit(1);
}
await import('./main.ts');
