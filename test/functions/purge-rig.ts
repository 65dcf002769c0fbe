import type { Job } from '../../domain/contract/job.ts';
import { create, refs, update } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { NEVER_MS } from '../../domain/time.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import type { Rig } from './rig.ts';

export const readJob = async ({ deps }: Rig, id: string): Promise<Job | null> =>
  (await deps.store.get(refs.job(id)))?.data ?? null;

async function to(rig: Rig, id: string, state: 'running' | 'succeeded', patch: Partial<Job>): Promise<void> {
  const job = await rig.deps.store.get(refs.job(id));
  if (job === null) throw new Error('no such job');
  await rig.deps.store.commit(move(job, state, rig.clock.nowMs(), { patch }));
}

/** A job with something of everything that a job can have, ended and settled, and told of; `chunks` of log in each of two attempts. */
export async function endedJob(rig: Rig, overrides: Partial<Job> = {}, chunks = 3): Promise<string> {
  const webhook = { url: 'http://127.0.0.1/hook', events: ['job.succeeded' as const] };
  const id = await rig.submit({ webhook, metadata: { deck: '7' }, labels: ['a'], input: { secret: 1 }, ...overrides });
  await to(rig, id, 'running', { attempt: 2 });
  const path = `jobs/${id}/2/page.pdf`;
  const artifacts = [{ name: 'page.pdf', contentType: 'application/pdf', sizeBytes: 3, path }];
  await to(rig, id, 'succeeded', { artifacts, output: { text: 'made' }, metrics: { pages: 1 } });
  rig.blobs.set(path, 3);
  for (const seq of [1, 2, 3]) await settleEvent(rig.deps, id, seq);
  await told(rig, id);
  const logs = [1, 2].flatMap((attempt) => Array.from({ length: chunks }, (_, seq) => ({ attempt, seq })));
  await rig.deps.store.commit([
    create(refs.jobPrivate(id), { schema: 1, webhookSecret: 'whsec_' }),
    create(refs.edge('before', id), { schema: 1, parent: 'before', child: id }),
    create(refs.edge(id, 'after'), { schema: 1, parent: id, child: 'after' }),
    ...logs.map(({ attempt, seq }) =>
      create(refs.log(id, attempt, seq), { schema: 1, jobId: id, attempt, seq, lines: [] }),
    ),
  ]);
  return id;
}

async function told(rig: Rig, id: string): Promise<void> {
  const { items } = await rig.deps.store.query('deliveriesOfJob', { jobId: id }, { limit: 10 });
  for (const item of items) {
    await rig.deps.store.commit([
      update(refs.delivery(item.data.id), item, { state: 'delivered', claims: 1, nextAtMs: NEVER_MS }),
    ]);
  }
}

/** All that there is of a job beside its document. */
export async function partsOf(rig: Rig, id: string): Promise<string[]> {
  const options = { limit: 1_000 };
  const pages = await Promise.all([
    rig.deps.store.query('eventsOfJob', { jobId: id }, options),
    rig.deps.store.query('deliveriesOfJob', { jobId: id }, options),
    rig.deps.store.query('logsOfJob', { jobId: id, attempt: 1 }, options),
    rig.deps.store.query('logsOfJob', { jobId: id, attempt: 2 }, options),
    rig.deps.store.query('children', { parent: id }, options),
    rig.deps.store.query('parents', { child: id }, options),
  ]);
  const secret = await rig.deps.store.get(refs.jobPrivate(id));
  return [
    ...pages.flatMap(({ items }) => items.map(({ path }) => path)),
    ...(secret === null ? [] : [secret.path]),
    ...[...rig.blobs.keys()].filter((path) => path.startsWith(`jobs/${id}/`)),
  ];
}

/** How many those of `endedJob` are: events, a delivery, logs, edges, a secret, a file. */
export const PARTS = 3 + 1 + 6 + 2 + 1 + 1;
