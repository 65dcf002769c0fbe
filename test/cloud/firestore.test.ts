import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { describeOnEmulators, newProject } from '../emulators/here.ts';
import { capturedLog } from '../local/capture-log.ts';
import { describeStore } from '../ports/describe-store.ts';

describeOnEmulators("Google's Firestore emulator", ({ firestore }) => {
  describeStore('Firestore', async () => {
    const store = firestoreStore({
      // The emulator shares this machine with other tests.
      callMs: 20_000,
      projectId: newProject(),
      databaseId: '(default)',
      endpoints: { firestore },
      clock: systemClock,
      random: systemRandom,
      log: capturedLog(),
    });
    return { store, close: () => store.close() };
  });
});
