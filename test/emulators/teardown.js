/** After all tests: ends the emulators that `setup.js` started. */
export default async function teardown() {
  await globalThis.slipwayEmulators?.stop();
}
