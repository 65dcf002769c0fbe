import { firebaseTokens } from '../../cloud/client-tokens.ts';
import { cloudRunLauncher } from '../../cloud/cloud-run.ts';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { pubsubBus } from '../../cloud/pubsub.ts';
import { secretManager } from '../../cloud/secrets.ts';
import { storageBlobs } from '../../cloud/storage.ts';
import { create } from '../../domain/ports.ts';
import { newAccount } from '../../emulators/account.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { capturedLog } from '../local/capture-log.ts';
import { aSlot } from '../ports/documents.ts';
import { aLaunch } from '../ports/launch-request.ts';

/** What each adapter makes of a service at this address that takes connections and says nothing, a line of JSON for each. */
const [address = ''] = process.argv.slice(2);
process.env['GCE_METADATA_HOST'] = address;

const endpoints = {
  ...{ firestore: address, pubsub: address, run: address, secretManager: address },
  storage: `http://${address}`,
};
const at = { projectId: 'test', name: 'test', bucket: 'test', clock: systemClock, callMs: 200, endpoints };
const store = firestoreStore({ ...at, random: systemRandom, log: capturedLog(), databaseId: '(default)' });
const { ref, data } = aSlot();
const signer = newAccount('a@test.iam.gserviceaccount.com');

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  get: () => store.get(ref),
  query: () => store.query('slotsOfQueue', { queue: 'x' }, { limit: 1 }),
  commit: () => store.commit([create(ref, data)]),
  secret: () => secretManager(at).get('idempotency-pepper'),
  blob: () => storageBlobs({ ...at, signer }).size('a'),
  removal: () => storageBlobs({ ...at, signer }).remove('a'),
  token: () => firebaseTokens({ ...at, databaseId: '(default)' }).make('t'),
  publish: () => pubsubBus(at).publish('nudges', { queue: 'q@here' }),
  launch: () => cloudRunLauncher(at).launch(aLaunch()),
};

await Promise.all(
  Object.entries(calls).map(async ([call, make]) => {
    const outcome = await make().then(
      (answer) => ({ answer }),
      (error: Error) => ({ error: error.name }),
    );
    process.stdout.write(`${JSON.stringify({ call, ...outcome })}\n`);
  }),
);
// The clients go on trying by themselves for minutes, and cannot be told to stop.
process.exit(0);
