import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { firebaseTokens } from '../../cloud/client-tokens.ts';
import { cloudRunLauncher } from '../../cloud/cloud-run.ts';
import { firestoreStore, type FirestoreStore } from '../../cloud/firestore/store.ts';
import { pubsubBus } from '../../cloud/pubsub.ts';
import { secretManager } from '../../cloud/secrets.ts';
import { storageBlobs } from '../../cloud/storage.ts';
import { UnavailableError, UnclearError } from '../../domain/errors.ts';
import { create } from '../../domain/ports.ts';
import { newAccount } from '../../emulators/account.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { capturedLog } from '../local/capture-log.ts';
import { aLaunch } from '../ports/launch-request.ts';
import { aSlot } from '../ports/documents.ts';

const CALL_MS = 200;

/** Takes every connection and never says a word. */
const silent = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
});
const sockets = new Set<Socket>();
let store: FirestoreStore;
let at: Parameters<typeof storageBlobs>[0] & Parameters<typeof pubsubBus>[0];

const given: Readonly<Record<string, string | undefined>> = {
  FIRESTORE_EMULATOR_HOST: process.env['FIRESTORE_EMULATOR_HOST'],
  PUBSUB_EMULATOR_HOST: process.env['PUBSUB_EMULATOR_HOST'],
};

beforeAll(async () => {
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const url = `http://${address}`;
  // The environment's emulators would take precedence.
  for (const name of Object.keys(given)) delete process.env[name];
  at = {
    projectId: 'test',
    name: 'test',
    bucket: 'test',
    clock: systemClock,
    callMs: CALL_MS,
    endpoints: { firestore: address, pubsub: address, run: address, secretManager: address, storage: url },
  };
  const base = { random: systemRandom, log: capturedLog(), databaseId: '(default)', closeMs: 100 };
  store = firestoreStore({ ...at, ...base });
});
afterAll(async () => {
  await store.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
  for (const [name, value] of Object.entries(given)) if (value !== undefined) process.env[name] = value;
});

/** The clients by themselves would wait for a minute, or for ten: this file's own time limit is shorter. */
const UNAVAILABLE: readonly [string, () => Promise<unknown>][] = [
  ['a read of the store', () => store.get(aSlot().ref)],
  ['a query', () => store.query('slotsOfQueue', { queue: 'x' }, { limit: 1 })],
  ['a secret', () => secretManager(at).get('idempotency-pepper')],
  ['the size of a blob', () => storageBlobs({ ...at, signer: newAccount('a@test.iam.gserviceaccount.com') }).size('a')],
];

test.each(UNAVAILABLE)(
  '%s of a service that does not answer: unavailable, in the time that a call may take',
  async (_, ask) => {
    await expect(ask()).rejects.toBeInstanceOf(UnavailableError);
  },
);

test('a token whose account is not told: unavailable', async () => {
  process.env['GCE_METADATA_HOST'] = at.endpoints.firestore;
  try {
    const tokens = firebaseTokens({ ...at, databaseId: '(default)' });
    await expect(tokens.make('t')).rejects.toBeInstanceOf(UnavailableError);
  } finally {
    delete process.env['GCE_METADATA_HOST'];
  }
});

test('a publish: an error, which costs its caller no more than that', async () => {
  await expect(pubsubBus(at).publish('nudges', { queue: 'q@here' })).rejects.toThrow(`no answer within ${CALL_MS} ms`);
});

test('a commit: unclear', async () => {
  const { ref, data } = aSlot();
  await expect(store.commit([create(ref, data)])).rejects.toBeInstanceOf(UnclearError);
});

test('a launch: ambiguous', async () => {
  expect(await cloudRunLauncher(at).launch(aLaunch())).toMatchObject({ kind: 'ambiguous' });
});
