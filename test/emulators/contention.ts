import { firestoreStore } from '../../cloud/firestore/store.ts';
import type { Outcome } from '../../domain/contract/door.ts';
import type { JobEvent } from '../../domain/contract/job.ts';
import { refs, type LaunchRequest, type Store } from '../../domain/ports.ts';
import { born } from '../../domain/state.ts';
import { dispatchQueue } from '../../functions/dispatch.ts';
import type { Deps } from '../../functions/deps.ts';
import { coalesced } from '../../functions/steps/coalesce.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish, release } from '../../functions/worker/finish.ts';
import { ready } from '../../functions/worker/ready.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { startFirestoreProxy, type FirestoreProxy } from '../cloud/firestore-proxy.ts';
import { makeJob } from '../domain/make-job.ts';
import { makeRig, QUEUE } from '../functions/rig.ts';
import { capturedLog } from '../local/capture-log.ts';

type Billed = FirestoreProxy['billed'];

/** What came of many workers on one queue, counted on the line to Firestore. */
export interface Contention {
  readonly jobs: number;
  readonly workers: number;
  /** How often each job was run. */
  readonly runs: ReadonlyMap<string, number>;
  readonly events: readonly JobEvent[];
  /** The most slots that were held at once, and those that are left. */
  readonly mostWorkers: number;
  readonly openEvents: number;
  readonly billed: { readonly create: Billed; readonly all: Billed };
  readonly tookMs: number;
}

/**
 * The real functions on a Firestore emulator: so many jobs, submitted at once, for so many workers that dispatch starts and
 * that do nothing but claim and finish; each event is settled when it is made, as its trigger would have it.
 */
export async function contend(
  emulator: string,
  { jobs, workers }: { readonly jobs: number; readonly workers: number },
): Promise<Contention> {
  const proxy = await startFirestoreProxy(emulator);
  // The environment's emulator would take precedence over the line that counts.
  const given = process.env['FIRESTORE_EMULATOR_HOST'];
  delete process.env['FIRESTORE_EMULATOR_HOST'];
  const base = { clock: systemClock, random: systemRandom, log: capturedLog() };
  const at = { ...base, projectId: `test-${systemRandom.hex(8)}`, databaseId: '(default)' };
  const real = firestoreStore({ ...at, callMs: 20_000, endpoints: { firestore: proxy.address } });
  const rig = makeRig({ max: workers });
  try {
    return await run(real, rig.deps, proxy, { jobs, workers });
  } finally {
    await real.close();
    rig.stop();
    proxy.stop();
    if (given !== undefined) process.env['FIRESTORE_EMULATOR_HOST'] = given;
  }
}

async function run(
  real: Store,
  rest: Deps,
  proxy: FirestoreProxy,
  { jobs, workers }: { readonly jobs: number; readonly workers: number },
): Promise<Contention> {
  const beganMs = performance.now();
  const running: Promise<unknown>[] = [];
  const runs = new Map<string, number>();
  const events: JobEvent[] = [];
  let [working, mostWorkers] = [0, 0];
  const everyWorker = Promise.withResolvers<void>();

  const store: Store = {
    ...real,
    commit: async (writes) => {
      await real.commit(writes);
      for (const write of writes) {
        if (write.kind !== 'create' || write.ref.collection !== 'events') continue;
        const event = write.data as JobEvent;
        events.push(event);
        running.push(settleEvent(deps, event.jobId, event.seq));
      }
    },
  };
  const queue = rest.catalogue.queues.get(QUEUE);
  if (queue === undefined) throw new Error(`the rig has no ${QUEUE}`);
  const deps: Deps = {
    ...rest,
    store,
    clock: systemClock,
    // Long jobs and quick boots: as many workers as there may be.
    catalogue: {
      ...rest.catalogue,
      queues: new Map([[QUEUE, { ...queue, expectedBootMs: 1, expectedRunMs: 60_000 }]]),
    },
    bus: {
      publish: async (topic) => {
        if (topic === 'nudges') running.push(look(QUEUE, null));
      },
    },
    launcher: {
      ...rest.launcher,
      launch: async (request) => {
        const execution = `execution-${request.slot.replaceAll(/[@~]/g, '-')}-${request.fence}`;
        running.push(work(request, execution));
        return { kind: 'started', execution };
      },
    },
  };
  const look = coalesced<null, void>(async (name) => {
    if (!(await dispatchQueue(deps, name))) running.push(look(name, null));
  });

  const work = async ({ slot, fence, ticket }: LaunchRequest, execution: string): Promise<void> => {
    const key = systemRandom.hex(32);
    await ready(deps, { protocol: 1, slot, fence, ticket, execution, sessionKey: key });
    const session = { slot, fence, key };
    mostWorkers = Math.max(mostWorkers, (working += 1));
    // All begin at once: on a slow machine the first of them could be through the queue before dispatch has started the last.
    if (working === workers) everyWorker.resolve();
    await everyWorker.promise;
    for (;;) {
      const { job } = await claimNow(deps, session, 0);
      if (job === null) break;
      runs.set(job.id, (runs.get(job.id) ?? 0) + 1);
      const outcome: Outcome = { kind: 'succeeded', output: {}, artifacts: [], metrics: {} };
      await finish(deps, session, { job: job.id, attempt: job.attempt, outcome });
    }
    working -= 1;
    await release(deps, session);
  };

  const ids = Array.from({ length: jobs }, () => systemRandom.id());
  const submit = async (id: string): Promise<void> => {
    const nowMs = systemClock.nowMs();
    const times = { createdAtMs: nowMs, queuedAtMs: nowMs, rank: nowMs, startByMs: nowMs + 3_600_000 };
    await real.commit(born(makeJob({ id, home: QUEUE, queues: [QUEUE], state: 'queued', ...times })));
  };
  for (let from = 0; from < ids.length; from += 50) await Promise.all(ids.slice(from, from + 50).map(submit));
  const create = { ...proxy.billed };
  for (const id of ids) {
    running.push(settleEvent(deps, id, 1));
    await deps.bus.publish('nudges', { queue: QUEUE });
  }
  // What runs starts more of it.
  for (let next = running.shift(); next !== undefined; next = running.shift()) await next;
  const all = { ...proxy.billed };
  const openEvents = await real.count('openEvents', { open: true }, 1_000);
  const born1 = await Promise.all(ids.map(async (id) => (await real.get(refs.event(id, 1)))?.data));
  return {
    jobs,
    workers,
    runs,
    events: [...born1.flatMap((event) => event ?? []), ...events],
    mostWorkers,
    openEvents,
    billed: { create, all },
    tookMs: performance.now() - beganMs,
  };
}
