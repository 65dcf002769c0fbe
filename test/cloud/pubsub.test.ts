import { firestoreStore } from '../../cloud/firestore/store.ts';
import { pubsubBus } from '../../cloud/pubsub.ts';
import { startEventarc } from '../../emulators/eventarc.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { describeOnEmulators, newProject } from '../emulators/here.ts';
import { capturedLog } from '../local/capture-log.ts';
import { describeBus } from '../ports/describe-bus.ts';

describeOnEmulators("Google's Pub/Sub and Firestore emulators", (emulators) => {
  describeBus('Pub/Sub and Eventarc', async (addressOf) => {
    const [projectId, log] = [newProject(), capturedLog()];
    const at = { projectId, endpoints: emulators };
    const store = firestoreStore({
      ...at,
      callMs: 20_000,
      databaseId: '(default)',
      clock: systemClock,
      random: systemRandom,
      log,
    });
    const eventarc = await startEventarc({ ...emulators, projectId, name: 'test', addressOf, log });
    return {
      bus: pubsubBus({ ...at, name: 'test', clock: systemClock }),
      store,
      close: async () => {
        await eventarc.stop();
        await store.close();
      },
    };
  });
});
