import { describe } from '@jest/globals';
import { systemRandom } from '../../host/random.ts';

/** Google's emulators as `setup.js` found or started them; null where there are none. */
export const EMULATORS = emulatorsOf(process.env);

function emulatorsOf(env: NodeJS.ProcessEnv): { readonly firestore: string; readonly pubsub: string } | null {
  const [firestore, pubsub] = [env['FIRESTORE_EMULATOR_HOST'] ?? '', env['PUBSUB_EMULATOR_HOST'] ?? ''];
  return firestore === '' || pubsub === '' ? null : { firestore, pubsub };
}

/** A project that no other test uses: on one emulator each project is a world of its own. */
export const newProject = (): string => `test-${systemRandom.hex(8)}`;

/** A `describe` that is skipped where there are no emulators. */
export function describeOnEmulators(name: string, body: (at: NonNullable<typeof EMULATORS>) => void): void {
  if (EMULATORS === null) describe.skip(`${name} (no emulators here)`, () => body({ firestore: '', pubsub: '' }));
  else describe(name, () => body(EMULATORS));
}
