import type { Outcome } from '../../domain/contract/door.ts';
import { create, refs, type Clock, type Store, type Write } from '../../domain/ports.ts';
import { born } from '../../domain/state.ts';
import { DAY, MINUTE } from '../../domain/time.ts';
import type { Deps } from '../../functions/deps.ts';
import { dispatchDue, dispatchQueue } from '../../functions/dispatch.ts';
import { purgeJob } from '../../functions/steps/purge.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { sweepOnce } from '../../functions/sweep.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish } from '../../functions/worker/finish.ts';
import { ready } from '../../functions/worker/ready.ts';
import { hashOf } from '../../functions/api/keys/key-text.ts';
import { parseEventPath, parsePurgePath } from '../../eventarc/decode.ts';
import { serveApi, type TestApi } from '../api/serve-api.ts';
import { makeJob } from '../domain/make-job.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';

export const TENANTS = ['acme', 'other', 'third'] as const;
export type TenantName = (typeof TENANTS)[number];
export const MODELS = ['slide-text', 'form'] as const;
const QUEUE = 'pool@local';
const WORKERS = 2;

/** One answer of the interface; `body` is its JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

interface Work {
  readonly job: string;
  readonly attempt: number;
}

/** The real functions on a real store: the api over HTTP, and workers that claim and finish when a test says so. */
export interface World {
  readonly clock: ManualClock;
  readonly api: TestApi;
  /** What each worker has in hand. */
  readonly work: (Work | null)[];
  call(tenant: TenantName, method: string, path: string, body?: unknown, key?: string | null): Promise<Reply>;
  /** @returns the job that a worker without one was given */
  claim(worker: number): Promise<string | null>;
  finish(worker: number, outcome: Outcome): Promise<void>;
  /** Sweeps until no event is open: all that follows by itself from what has been done. */
  settle(): Promise<void>;
  /** Commits after which a tenant had more jobs running than it may. */
  readonly overrun: string[];
  stop(): Promise<void>;
}

/**
 * @param storeOn the store to stand on in place of the embedded one, made with this clock
 */
export async function makeWorld(startMs: number, storeOn?: (clock: Clock) => Store): Promise<World> {
  const clock = manualClock(startMs);
  const overrun: string[] = [];
  const launched: { slot: string; fence: number; ticket: string }[] = [];
  const settings = { leaseMs: 365 * DAY, reservedMs: 365 * DAY };
  const api = await serveApi((deps) => {
    const store = watched(storeOn?.(clock) ?? deps.store, overrun);
    return {
      store,
      clock,
      settings: { ...deps.settings, ...settings },
      launcher: {
        aliveSinceMs: null,
        launch: async (request) => {
          launched.push(request);
          return { kind: 'started', execution: `execution-${launched.length}` };
        },
        cancel: async () => undefined,
        status: async () => 'running',
        find: async () => [],
      },
      metrics: { settled: async () => undefined, gauges: async () => undefined },
      bus: { publish: async () => undefined },
      random: { ...deps.random, unit: () => 0 },
      catalogue: withWorkers(deps.catalogue),
    };
  }, clock);
  const deps: Deps = {
    ...api.deps,
    calls: {
      due: async (to, ids) => {
        if ('slots' in ids) return dispatchDue(api.deps, ids);
        if (to !== 'on-job-event' || !('events' in ids)) return;
        for (const path of ids.events) {
          const { jobId, seq } = parseEventPath(path);
          await settleEvent(api.deps, jobId, seq);
        }
        for (const path of ids.purges) await purgeJob(api.deps, parsePurgePath(path).id);
      },
    },
  };
  const { store } = deps;
  if (storeOn !== undefined) {
    for (const tenant of ['acme', 'other']) await giveKey(store, tenant);
  }
  await giveKey(store, 'third');
  const sessions = await startWorkers(deps, launched);
  const work: (Work | null)[] = sessions.map(() => null);

  return {
    clock,
    api,
    work,
    overrun,
    call: async (tenant, method, path, body, key = null) => {
      const answer = await api.send(method, path, {
        ...(body === undefined ? {} : { body }),
        headers: {
          authorization: `Bearer ${keyOf(tenant)}`,
          ...(key === null ? {} : { 'idempotency-key': key }),
        },
      });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Reply['body'] };
    },
    claim: async (worker) => {
      const { job } = await claimNow(deps, sessions[worker] as (typeof sessions)[0], 0);
      work[worker] = job === null ? null : { job: job.id, attempt: job.attempt };
      return job?.id ?? null;
    },
    finish: async (worker, outcome) => {
      const held = work[worker];
      if (held == null) throw new Error('this worker has nothing to finish');
      work[worker] = null;
      const reply = await finish(deps, sessions[worker] as (typeof sessions)[0], { ...held, outcome });
      if (!reply.accepted) throw new Error(`the end of ${held.job} was not accepted`);
    },
    settle: async () => {
      do await sweepOnce(deps, 0);
      while ((await store.count('openEvents', { open: true }, 1)) > 0);
    },
    stop: () => api.stop(),
  };
}

const keyOf = (tenant: TenantName): string => (tenant === 'acme' ? 'slw_test-key' : `slw_${tenant}-key`);

const giveKey = (store: Store, tenant: string): Promise<void> =>
  store.commit([
    create(refs.key(hashOf(keyOf(tenant as TenantName))), {
      schema: 1,
      tenant,
      scopes: ['submit', 'read', 'admin'],
      createdAtMs: 0,
    }),
  ]);

function withWorkers(catalogue: Deps['catalogue']): Deps['catalogue'] {
  const queues = [...catalogue.queues].map(([name, queue]) => {
    return [name, { ...queue, pool: { ...queue.pool, max: WORKERS }, expectedRunMs: MINUTE }] as const;
  });
  return { ...catalogue, queues: new Map(queues) };
}

/** Started by a backlog that is gone before the first call. */
async function startWorkers(deps: Deps, launched: readonly { slot: string; fence: number; ticket: string }[]) {
  const nowMs = deps.clock.nowMs();
  const jobs = Array.from({ length: 2 * WORKERS }, (_, n) =>
    makeJob({
      id: `starter-${n}`,
      tenant: 'starter',
      home: QUEUE,
      queues: [QUEUE],
      queuedAtMs: nowMs - 10 * MINUTE,
      createdAtMs: nowMs,
      startByMs: nowMs + DAY,
    }),
  );
  for (const job of jobs) await deps.store.commit(born(job));
  await dispatchQueue(deps, QUEUE);
  const sessions = [];
  for (const [n, { slot, fence, ticket }] of launched.entries()) {
    const key = String(n).padStart(64, '0');
    await ready(deps, { protocol: 1, slot, fence, ticket, execution: `execution-${n + 1}`, sessionKey: key });
    sessions.push({ slot, fence, key });
  }
  if (sessions.length !== WORKERS) throw new Error(`${sessions.length} workers were started, not ${WORKERS}`);
  for (const { id } of jobs) {
    await deps.store.commit([
      { kind: 'delete', ref: refs.job(id) },
      { kind: 'delete', ref: refs.event(id, 1) },
    ]);
  }
  return sessions;
}

/** Counts a tenant's running jobs after each commit that lets one more run, against its limit as it is stored then. */
function watched(store: Store, overrun: string[]): Store {
  const tenantOf = ({ kind, ref, ...write }: Write): string | null =>
    kind === 'create' && ref.collection === 'tenant_slots' ? (write as { data: { tenant: string } }).data.tenant : null;
  return {
    get: (ref) => store.get(ref),
    query: (shape, where, options) => store.query(shape, where, options),
    count: (shape, where, limit) => store.count(shape, where, limit),
    watch: (target, onChange) => store.watch(target, onChange),
    commit: async (writes) => {
      await store.commit(writes);
      for (const tenant of new Set(writes.map(tenantOf).filter((name) => name !== null))) {
        const limit = (await store.get(refs.tenant(tenant)))?.data.limits?.running ?? Infinity;
        const running = await Promise.all(
          (['running', 'canceling'] as const).map((state) =>
            store.query('jobsByTenantState', { tenant, state }, { limit: 100 }),
          ),
        );
        const limited = running.flatMap(({ items }) => items).filter(({ data }) => typeof data.place === 'number');
        if (limited.length > limit) overrun.push(`${tenant}: ${limited.length} of ${limit}`);
      }
    },
  };
}
