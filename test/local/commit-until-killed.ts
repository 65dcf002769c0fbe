import { create } from '../../domain/ports.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { openDataFolder } from '../../local/data-folder.ts';
import { aSlot } from '../ports/documents.ts';

/** A program for tests: holds the data folder it is given, commits slots 0, 1, 2 … of queue `q`, and prints each number once it is acknowledged; the reason if one fails. */
const [folderName = ''] = process.argv.slice(2);
const folder = openDataFolder(folderName, { clock: systemClock, random: systemRandom });
folder.announce('http://127.0.0.1:1234');
console.log('open');
const big = 'x'.repeat(4_096);
for (let index = 0; ; index += 2) {
  const pair = await Promise.allSettled(
    [index, index + 1].map(async (n) => {
      const { ref, data } = aSlot('q', n, { big });
      await folder.store.commit([create(ref, data)]);
      console.log(n);
    }),
  );
  const failed = pair.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    console.log(
      `${(failed.reason as Error).name}, ${await folder.store.count('slotsOfQueue', { queue: 'q' }, 100_000)} can be read`,
    );
    process.exit(3);
  }
}
