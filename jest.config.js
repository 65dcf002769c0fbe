/** Tests run the very files that production runs: Node's own type stripping, native ES modules, no build. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  globalSetup: '<rootDir>/test/emulators/setup.js',
  globalTeardown: '<rootDir>/test/emulators/teardown.js',
  testTimeout: 30_000,
};
