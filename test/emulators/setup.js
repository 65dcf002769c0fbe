import { EmulatorsMissingError } from '../../emulators/installed.ts';
import { useEmulators } from '../../emulators/emulators.ts';

/**
 * Before all tests: Google's emulators, one pair for all test files, each of which uses a project of its own on them. Where
 * they are not installed, the tests that need them are skipped and this says so.
 */
export default async function setup() {
  if (process.env.SLIPWAY_TEST_EMULATORS === 'off') {
    process.stdout.write('\nemulators: off by SLIPWAY_TEST_EMULATORS; the tests on them are skipped\n');
    return;
  }
  try {
    const emulators = await useEmulators(process.env);
    process.env.FIRESTORE_EMULATOR_HOST = emulators.firestore;
    process.env.PUBSUB_EMULATOR_HOST = emulators.pubsub;
    globalThis.slipwayEmulators = emulators;
    process.stdout.write(`\nemulators: Firestore at ${emulators.firestore}, Pub/Sub at ${emulators.pubsub}\n`);
  } catch (error) {
    if (!(error instanceof EmulatorsMissingError)) throw error;
    process.stdout.write(`\nemulators: ${error.message}\nThe tests on them are skipped.\n`);
  }
}
