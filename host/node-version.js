/** Plain JavaScript, so that a Node too old to read TypeScript says so instead of failing at the first type. */
const NEEDED = 24;

/**
 * Ends this process with a remedy where its Node is too old to run the rest.
 * @param {string} remedy how to start it with the right one
 */
export function needsNode(remedy) {
  const { node } = process.versions;
  if (Number(node.split('.')[0]) >= NEEDED) return;
  console.error(
    `Slipway runs on Node ${NEEDED} or later; this is Node ${node}.\n${remedy}: ` +
      '`npm ci` has put the right Node into node_modules/.bin (Linux, x64 and arm64).\n' +
      `On another platform install Node ${NEEDED} yourself.`,
  );
  process.exit(1);
}
