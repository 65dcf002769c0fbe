import { createServer } from 'node:http';
import type { CloudEvent } from '@google-cloud/functions-framework';
import { afterEach, expect, test } from '@jest/globals';
import { create, refs, type Ref } from '../../domain/ports.ts';
import { DAY, SECOND } from '../../domain/time.ts';
import type { FunctionName } from '../../eventarc/routes.ts';
import { decodeDocumentPath } from '../../eventarc/decode-document.ts';
import { decodeMessage, decodeObject } from '../../eventarc/decode.ts';
import { bearerGuard, serveFunction } from '../../functions/serve.ts';
import type { ServedFunction } from '../../functions/served-function.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { localBus, type BusOptions, type LocalBus } from '../../local/bus.ts';
import { openStore } from '../../local/sqlite.ts';
import { anEvent, aSlot } from '../ports/documents.ts';
import { capturedLog, type CapturedLog } from './capture-log.ts';
import { newFolder, removeFolders } from './folder.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';
import { allAt, close, listen, startReceiver, type Receiver } from './receiver.ts';

const T0 = Date.UTC(2026, 10, 21);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  removeFolders();
});

interface Setup {
  readonly bus: LocalBus;
  readonly clock: ManualClock;
  readonly log: CapturedLog;
  readonly created: (refs: readonly Ref[]) => void;
}

function makeBus(options: Partial<BusOptions> = {}): Setup {
  const clock = manualClock(T0);
  const log = capturedLog();
  let created: Setup['created'] = () => undefined;
  const store: BusOptions['store'] = {
    onCommit: (listener) => {
      created = listener;
      return () => (created = () => undefined);
    },
  };
  const bus = localBus({ store, clock, random: systemRandom, log, ...options });
  cleanups.push(() => bus.stop());
  return { bus, clock, log, created: (documents) => created(documents) };
}

async function receiver(answer: (n: number) => number | Promise<number> = () => 204): Promise<Receiver> {
  const started = await startReceiver(answer);
  cleanups.push(started.stop);
  return started;
}

const queueOf = (body: string): unknown => decodeMessage(Buffer.from(body))['queue'];

test('functions served as in production get the CloudEvents of Eventarc and the push of Pub/Sub', async () => {
  const events: Record<string, CloudEvent<unknown>> = {};
  let push: unknown;
  const onEvent = (name: FunctionName): ServedFunction => ({
    kind: 'cloudEvent',
    handler: async (event) => void (events[name] = event),
  });
  const functions: Partial<Record<FunctionName, ServedFunction>> = {
    dispatch: onEvent('dispatch'),
    'on-job-event': onEvent('on-job-event'),
    'deliver-webhook': {
      kind: 'http',
      handler: async ({ rawBody }, response) => {
        push = rawBody;
        response.writeHead(204).end();
      },
    },
  };
  const addresses = allAt('http://127.0.0.1:9');
  for (const [name, served] of Object.entries(functions) as [FunctionName, ServedFunction][]) {
    const options = { host: '127.0.0.1', port: 0, log: capturedLog() };
    const server = await serveFunction(name, served, bearerGuard(`token-${name}`), options);
    addresses[name] = { url: server.url, token: `token-${name}` };
    cleanups.push(() => server.close());
  }
  const store = openStore(`${newFolder()}/slipway.db`, { clock: systemClock });
  const { bus, log } = makeBus({ store });
  bus.start(addresses);

  const event = anEvent('abc123', 7);
  const slot = aSlot();
  await store.commit([create(event.ref, event.data), create(slot.ref, slot.data)]);
  await bus.publish('nudges', { queue: 'q@here' });
  await bus.publish('deliveries', { delivery: 'd1' });
  await bus.idle();
  store.close();

  expect(log.lines).toEqual([]);
  expect(events['dispatch']).toMatchObject({
    specversion: '1.0',
    type: 'google.cloud.pubsub.topic.v1.messagePublished',
    source: expect.stringMatching(/^\/\/pubsub\.googleapis\.com\/projects\/.+\/topics\/nudges$/),
    time: new Date(T0).toISOString(),
  });
  const nudge = events['dispatch'];
  expect(decodeMessage(nudge?.data)).toEqual({ queue: 'q@here' });
  expect(decodeObject(nudge?.data)).toMatchObject({ message: { messageId: nudge?.id } });
  const created = events['on-job-event'];
  expect(created).toMatchObject({
    type: 'google.cloud.firestore.document.v1.created',
    source: expect.stringMatching(/^\/\/firestore\.googleapis\.com\/projects\/.+\/databases\/\(default\)$/),
    subject: 'documents/jobs/abc123/events/7',
  });
  expect(decodeDocumentPath(created?.data, created?.['document'])).toBe('jobs/abc123/events/7');
  expect(decodeMessage(push)).toEqual({ delivery: 'd1' });
});

test('only documents that fit a route make an event', async () => {
  const { url, received } = await receiver();
  const { bus, created } = makeBus();
  bus.start(allAt(url));
  created([refs.job('a'), refs.log('a', 1, 0), refs.slot('q~0'), refs.event('a', 1), refs.event('b', 2)]);
  await bus.idle();
  expect(received.map(({ headers }) => headers['ce-document']).sort()).toEqual(['jobs/a/events/1', 'jobs/b/events/2']);
});

test('what is not acknowledged comes again as the same event, after 1 s doubling to 60 s', async () => {
  const failures = 8;
  const { url, received } = await receiver((n) => (n <= failures ? ([500, 404, 302, 429][n % 4] as number) : 200));
  const { bus, clock } = makeBus();
  bus.start(allAt(url));
  await bus.publish('nudges', { queue: 'q' });
  const delays: number[] = [];
  for (let n = 1; n <= failures; n++) {
    delays.push(await clock.nextTimer());
    clock.set(clock.nowMs() + (delays.at(-1) as number));
  }
  await bus.idle();
  expect(delays.map((ms) => ms / SECOND)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(received).toHaveLength(failures + 1);
  expect(new Set(received.map(({ headers }) => headers['ce-id'])).size).toBe(1);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  expect(clock.timers()).toEqual([]);
});

test('a function that is not there yet gets its message once it is', async () => {
  const down = createServer();
  const url = await listen(down);
  await close(down);
  const { bus, clock, log } = makeBus();
  bus.start({ ...allAt(url) });
  await bus.publish('nudges', { queue: 'q' });
  expect(await clock.nextTimer()).toBe(SECOND);
  expect(log.lines.map((line) => line.message)).toEqual(['message not acknowledged']);
  const up = await receiver();
  bus.start(allAt(up.url));
  clock.set(T0 + SECOND);
  await bus.idle();
  expect(up.received).toHaveLength(1);
});

test('a function that does not answer in time gets the message again', async () => {
  const { url, received } = await receiver((n) => (n === 1 ? new Promise<number>(() => undefined) : 200));
  const { bus, clock, log } = makeBus({ ackMs: { event: 100, push: 100 } });
  bus.start(allAt(url));
  await bus.publish('nudges', { queue: 'q' });
  expect(await clock.nextTimer()).toBe(SECOND);
  clock.set(T0 + SECOND);
  await bus.idle();
  expect(received).toHaveLength(2);
  expect(log.lines[0]?.fields['problem']).toMatch(/timeout/i);
});

test('a message is given up after its retention', async () => {
  const { url, received } = await receiver(() => 500);
  const { bus, clock, log } = makeBus();
  bus.start(allAt(url));
  await bus.publish('deliveries', { delivery: 'd' });
  await clock.nextTimer();
  clock.set(T0 + DAY);
  await bus.idle();
  expect(received).toHaveLength(2);
  expect(log.lines.at(-1)).toMatchObject({ level: 'error', message: 'message given up', fields: { attempt: 2 } });
});

test('a plan loses, doubles and delays copies, by route, name and attempt', async () => {
  const { url, received } = await receiver();
  const { bus, clock, created } = makeBus({
    plan: ({ via, name, attempt }) => {
      if (via === 'topic') return [0, 0];
      return name === 'jobs/a/events/1' && attempt === 1 ? [] : [50];
    },
  });
  bus.start(allAt(url));
  await bus.publish('nudges', { queue: 'q' });
  created([refs.event('a', 1), refs.event('a', 2)]);
  expect(clock.timers()).toEqual([50]);
  clock.set(T0 + 50);
  await bus.idle();
  const nudges = received.filter(({ headers }) => headers['ce-type']?.includes('pubsub'));
  expect(nudges).toHaveLength(2);
  expect(nudges[0]?.headers['ce-id']).toBe(nudges[1]?.headers['ce-id']);
  expect(received.flatMap(({ headers }) => headers['ce-document'] ?? [])).toEqual(['jobs/a/events/2']);
});

test('a redelivery goes by the plan too, and may be lost', async () => {
  const { url, received } = await receiver(() => 500);
  const { bus, clock } = makeBus({ plan: ({ attempt }) => (attempt === 1 ? [0] : []) });
  bus.start(allAt(url));
  await bus.publish('nudges', { queue: 'q' });
  clock.set(T0 + (await clock.nextTimer()));
  await bus.idle();
  expect(received).toHaveLength(1);
});

test('of 100 messages at once no more than 16 are at a function at a time, and all arrive', async () => {
  let letGo = (): void => undefined;
  const gate = new Promise<number>((resolve) => (letGo = () => resolve(200)));
  let full = (): void => undefined;
  const isFull = new Promise<void>((resolve) => (full = resolve));
  const { url, received, most } = await receiver((n) => {
    if (n === 16) full();
    return gate;
  });
  const { bus } = makeBus();
  bus.start(allAt(url));
  await Promise.all(Array.from({ length: 100 }, (_, n) => bus.publish('nudges', { queue: `q${n}` })));
  await isFull;
  // Time enough for a 17th to show itself, were there one.
  const other = await receiver();
  for (let n = 0; n < 20; n++) await fetch(other.url);
  letGo();
  await bus.idle();
  expect(most()).toBe(16);
  expect(new Set(received.map(({ body }) => queueOf(body))).size).toBe(100);
});

test('of nudges that say the same, one more goes after the one on its way, and other queues have their own', async () => {
  let letGo = (): void => undefined;
  const gate = new Promise<number>((resolve) => (letGo = () => resolve(200)));
  let first = (): void => undefined;
  const isFirst = new Promise<void>((resolve) => (first = resolve));
  const { url, received } = await receiver(() => {
    first();
    return gate;
  });
  const { bus } = makeBus();
  bus.start(allAt(url));
  await bus.publish('nudges', { queue: 'a' });
  await isFirst;
  for (let n = 0; n < 50; n++) await bus.publish('nudges', { queue: 'a' });
  await bus.publish('nudges', { queue: 'b' });
  letGo();
  await bus.idle();
  expect(received.map(({ body }) => queueOf(body)).toSorted()).toEqual(['a', 'a', 'b']);
});

test('a slow function does not keep another waiting', async () => {
  const slow = await receiver(() => new Promise<number>(() => undefined));
  const quick = await receiver();
  const { bus } = makeBus({ concurrency: 2 });
  bus.start({ ...allAt(quick.url), 'deliver-webhook': { url: slow.url, token: '' } });
  for (const delivery of ['a', 'b', 'c']) await bus.publish('deliveries', { delivery });
  const arrived = new Promise<void>((resolve) => {
    const look = (): unknown => (quick.received.length > 0 ? resolve() : setImmediate(look));
    look();
  });
  await bus.publish('nudges', { queue: 'q' });
  await arrived;
  expect(slow.received.length).toBeLessThanOrEqual(2);
});

test('what is published before the start waits for it', async () => {
  const { url, received } = await receiver();
  const { bus } = makeBus();
  await bus.publish('nudges', { queue: 'early' });
  bus.start(allAt(url));
  await bus.idle();
  expect(received.map(({ body }) => queueOf(body))).toEqual(['early']);
});

test('stopping drops what waits and what is on its way, leaves no timer, and takes nothing more in', async () => {
  const { url, received } = await receiver((n) => (n === 1 ? 500 : new Promise<number>(() => undefined)));
  const { bus, clock, created } = makeBus({ concurrency: 1 });
  bus.start(allAt(url));
  await bus.publish('nudges', { queue: 'a' });
  await clock.nextTimer();
  await bus.publish('nudges', { queue: 'b' });
  await bus.publish('nudges', { queue: 'c' });
  const idle = bus.idle();
  await bus.stop();
  await bus.stop();
  await idle;
  expect(clock.timers()).toEqual([]);
  await bus.publish('nudges', { queue: 'd' });
  created([refs.event('a', 1)]);
  await bus.idle();
  expect(received.length).toBeLessThanOrEqual(2);
});
