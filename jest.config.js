import { availableParallelism } from 'node:os';

/** Tests run the very files that production runs: Node's own type stripping, native ES modules, no build. */
export default {
  testEnvironment: 'node',
  // What is built has a package.json of one name in several folders.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  globalSetup: '<rootDir>/test/emulators/setup.js',
  globalTeardown: '<rootDir>/test/emulators/teardown.js',
  // Two at least: most of the time a test waits for processes of its own.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  testSequencer: '<rootDir>/test/slow-first.js',
  testTimeout: 30_000,
};
