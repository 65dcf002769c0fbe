import base from '../../jest.config.js';

/**
 * The tests of cloud/, with Google's clients as the build makes them: `SLIPWAY_TEST_CLIENTS` is where they were built to. Not
 * the one that breaks lines, which is about what a client repeats and not about what it knows, and leaves calls behind.
 */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/cloud/**/*.test.ts'],
  testPathIgnorePatterns: ['firestore-lost-answers'],
  resolver: '<rootDir>/test/build/clients-resolver.cjs',
};
