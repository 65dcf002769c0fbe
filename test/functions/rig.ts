import { join } from 'node:path';
import type { ReadyReply } from '../../domain/contract/door.ts';
import type { Job, JobEvent } from '../../domain/contract/job.ts';
import { Model, Pool } from '../../domain/contract/model.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import type { Messages } from '../../domain/messages.ts';
import { refs, type Execution, type LaunchRequest, type LaunchResult } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { born } from '../../domain/state.ts';
import type { Deps } from '../../functions/deps.ts';
import { dispatchDue, dispatchQueue } from '../../functions/dispatch.ts';
import { ready } from '../../functions/worker/ready.ts';
import type { Session } from '../../functions/worker/session.ts';
import { createHttp } from '../../host/http.ts';
import { systemRandom } from '../../host/random.ts';
import { openStore } from '../../local/sqlite.ts';
import { makeJob, T0 } from '../domain/make-job.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { newFolder } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';

export const QUEUE = 'noop@local';

/** The functions on a real store, with time that passes when the test says so and a launcher that only notes what it is asked. */
export interface Rig {
  readonly deps: Deps;
  readonly clock: ManualClock;
  readonly log: CapturedLog;
  readonly launched: LaunchRequest[];
  readonly canceled: string[];
  readonly nudges: string[];
  /** What the next launches answer; started when there is none left. */
  readonly answers: LaunchResult[];
  /** What the platform tells of launches without a name, by `slot#fence`. */
  readonly found: Map<string, readonly Execution[]>;
  /** Bytes of each blob that is there. */
  readonly blobs: Map<string, number>;
  submit(overrides?: Partial<Job>): Promise<string>;
  /** Dispatches the queue and makes the newest launch a worker that is ready. */
  worker(execution?: string): Promise<Session & { reply: ReadyReply }>;
  due(ids: { slots?: string[]; jobs?: string[] }): Promise<void>;
  job(id: string): Promise<Job>;
  slot(id: string): Promise<Slot>;
  events(id: string): Promise<JobEvent[]>;
  stop(): void;
}

export function makeRig(options: { max?: number } = {}): Rig {
  const clock = manualClock(T0);
  const store = openStore(join(newFolder(), 'slipway.db'), { clock });
  const log = capturedLog();
  const [launched, canceled, nudges]: [LaunchRequest[], string[], string[]] = [[], [], []];
  const answers: LaunchResult[] = [];
  const blobs = new Map<string, number>();
  const found = new Map<string, readonly Execution[]>();
  const pool = Pool.parse({ name: 'noop', max: options.max ?? 2 });
  const model = Model.parse({
    name: 'noop',
    title: '',
    description: '',
    pool: 'noop',
    runner: { kind: 'server', program: 'node' },
    input: { type: 'object' },
    output: {},
  });
  let made = 0;
  const deps: Deps = {
    store,
    bus: { publish: async (_, message) => void nudges.push((message as Messages['nudges']).queue) },
    calls: { due: async () => undefined },
    launcher: {
      aliveSinceMs: null,
      launch: async (request) => {
        launched.push(request);
        return answers.shift() ?? { kind: 'started', execution: `execution-${launched.length}` };
      },
      cancel: async ({ execution }) => void canceled.push(execution),
      status: async () => 'unknown',
      find: async ({ slot, fence }) => found.get(`${slot}#${fence}`) ?? [],
    },
    blobs: {
      signUpload: async (path) => ({ url: `http://127.0.0.1/${path}`, headers: {} }),
      signDownload: async (path) => `http://127.0.0.1/${path}`,
      size: async (path) => blobs.get(path) ?? null,
      remove: async (path) => void blobs.delete(path),
    },
    metrics: { settled: async () => undefined, gauges: async () => undefined },
    secrets: { get: async () => 'pepper' },
    tokens: { make: async () => null },
    idTokens: { verify: async () => null },
    http: createHttp({ allowLoopback: true }),
    clock,
    random: { ...systemRandom, unit: () => 0 },
    log,
    catalogue: {
      models: new Map([['noop', { model, missing: [] }]]),
      queues: new Map([
        [QUEUE, { name: QUEUE, pool, region: 'local', models: ['noop'], expectedBootMs: 1_000, expectedRunMs: 60_000 }],
      ]),
    },
    settings: DEFAULT_SETTINGS,
    topicPrefix: '',
  };
  const data = async <T>(read: Promise<{ data: T } | null>): Promise<T> => {
    const document = await read;
    if (document === null) throw new Error('not there');
    return document.data;
  };
  return {
    deps,
    clock,
    log,
    launched,
    canceled,
    nudges,
    answers,
    found,
    blobs,
    submit: async (overrides = {}) => {
      const id = `job${(made += 1)}`;
      await store.commit(born(makeJob({ id, rank: T0 + made, ...overrides })));
      return id;
    },
    worker: async (execution) => {
      const before = launched.length;
      await dispatchQueue(deps, QUEUE);
      const launch = launched[before];
      if (launch === undefined) throw new Error('no worker was launched');
      const key = systemRandom.hex(32);
      const reply = await ready(deps, {
        protocol: 1,
        slot: launch.slot,
        fence: launch.fence,
        ticket: launch.ticket,
        execution: execution ?? `execution-${before + 1}`,
        sessionKey: key,
      });
      return { slot: launch.slot, fence: launch.fence, key, reply };
    },
    due: ({ slots = [], jobs = [] }) => dispatchDue(deps, { slots, jobs, queues: [] }),
    job: (id) => data(store.get(refs.job(id))),
    slot: (id) => data(store.get(refs.slot(id))),
    events: async (id) => {
      const page = await store.query('eventsOfJob', { jobId: id }, { limit: 100 });
      return page.items.map((event) => event.data);
    },
    stop: () => store.close(),
  };
}
