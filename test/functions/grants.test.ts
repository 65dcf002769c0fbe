import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refs } from '../../domain/ports.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../eventarc/routes.ts';
import type { Deps } from '../../functions/deps.ts';
import { NotGrantedError, withinGrants } from '../../functions/within-grants.ts';
import { removeFolders } from '../local/folder.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

const READERS: readonly FunctionName[] = [
  'api',
  'intake',
  'dispatch',
  'worker',
  'on-job-event',
  'deliver-webhook',
  'sweep',
];
const WRITERS = READERS.filter((name) => name !== 'sweep');
const [job, execution] = [refs.job('none'), { queue: QUEUE, execution: 'none' }];
const launch = { queue: QUEUE, slot: `${QUEUE}~0`, fence: 1 };
const request = {
  url: 'https://example.com/',
  method: 'POST',
  headers: {},
  timeoutMs: 1,
  maxResponseBytes: 1,
} as const;

/** Every use of a port that leads out of the process, and who may make it: a second opinion to eventarc/grants.ts. */
const USES: readonly [string, readonly FunctionName[], (deps: Deps) => Promise<unknown>][] = [
  ['get a document', READERS, ({ store }) => store.get(job)],
  ['query', READERS, ({ store }) => store.query('startDue', { state: 'queued' }, { limit: 1 })],
  ['count', READERS, ({ store }) => store.count('startDue', { state: 'queued' }, 1)],
  ['watch a document', READERS, async ({ store }) => store.watch(job, () => undefined)()],
  ['commit', WRITERS, ({ store }) => store.commit([])],
  [
    'publish a nudge',
    ['api', 'intake', 'dispatch', 'worker', 'on-job-event'],
    ({ bus }) => bus.publish('nudges', { queue: QUEUE }),
  ],
  ['publish an event', ['on-job-event'], ({ bus }) => bus.publish('events', { event: 'jobs/a/events/1' })],
  ['publish a delivery', ['on-job-event'], ({ bus }) => bus.publish('deliveries', { delivery: 'a~1~job' })],
  [
    'publish a rejection',
    ['intake'],
    ({ bus }) =>
      bus.publish('job-rejections', { rejection: 'a', tenant: null, code: '', reason: '', idempotencyKey: null }),
  ],
  [
    'publish to a tenant’s topic',
    ['on-job-event'],
    ({ bus }) => bus.publish('job-events', { tenant: 'a', id: 'a', type: 'job.failed', sequence: 1, body: '{}' }),
  ],
  ['call dispatch', ['sweep'], ({ calls }) => calls.due('dispatch', { slots: [], jobs: [], queues: [] })],
  ['call on-job-event', ['sweep'], ({ calls }) => calls.due('on-job-event', { events: [], purges: [] })],
  ['call deliver-webhook', ['sweep'], ({ calls }) => calls.due('deliver-webhook', { ids: [] })],
  ['launch', ['dispatch'], ({ launcher }) => launcher.launch({ ...launch, ticket: 't' })],
  ['cancel an execution', ['dispatch'], ({ launcher }) => launcher.cancel(execution)],
  ['look at an execution', ['dispatch'], ({ launcher }) => launcher.status(execution)],
  ['find executions', ['dispatch'], ({ launcher }) => launcher.find(launch)],
  [
    'sign an upload',
    ['api', 'worker'],
    ({ blobs }) => blobs.signUpload('a', { contentType: 'text/plain', sizeBytes: 1, expiresInMs: 1 }),
  ],
  ['sign a download', ['api', 'worker'], ({ blobs }) => blobs.signDownload('a', { expiresInMs: 1 })],
  ['see the size of a blob', ['api', 'intake', 'worker'], ({ blobs }) => blobs.size('a')],
  ['remove a blob', ['api', 'on-job-event'], ({ blobs }) => blobs.remove('a')],
  ['read the pepper', ['api', 'intake'], ({ secrets }) => secrets.get('idempotency-pepper')],
  ['make a token', ['api'], ({ tokens }) => tokens.make('a')],
  ['write gauges', ['sweep'], ({ metrics }) => metrics.gauges([])],
  ['send to an address of a user', ['deliver-webhook'], ({ http }) => http.send(request)],
];

let rig: Rig;
let deps: Deps;
beforeAll(() => {
  rig = makeRig();
  const http = { ...rig.deps.http, send: async () => ({ status: 200, headers: {}, body: new Uint8Array() }) };
  deps = { ...rig.deps, http };
});
afterAll(() => {
  rig.stop();
  removeFolders();
});

describe.each(USES)('to %s', (_, may, use) => {
  test.each(FUNCTION_NAMES.map((name) => [name, may.includes(name)] as const))(
    '%s may: %s',
    async (name, isGranted) => {
      const made = use(withinGrants(name, deps));
      if (isGranted) await made;
      else await expect(made).rejects.toBeInstanceOf(NotGrantedError);
    },
  );
});
