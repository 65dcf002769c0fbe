import { afterAll } from '@jest/globals';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { localBus } from '../../local/bus.ts';
import { openStore } from '../../local/sqlite.ts';
import { describeBus } from '../ports/describe-bus.ts';
import { capturedLog } from './capture-log.ts';
import { newFolder, removeFolders } from './folder.ts';

afterAll(removeFolders);

describeBus('this process', async (addressOf) => {
  const store = openStore(`${newFolder()}/slipway.db`, { clock: systemClock });
  const bus = localBus({ store, clock: systemClock, random: systemRandom, log: capturedLog(), backoffMs: 10 });
  bus.start(
    Object.fromEntries(FUNCTION_NAMES.map((name) => [name, addressOf(name)])) as Parameters<typeof bus.start>[0],
  );
  return {
    bus,
    store,
    close: async () => {
      await bus.stop();
      store.close();
    },
  };
});
