import { randomBytes } from 'node:crypto';
import type { JobEvent, SlipwayClient } from '../../client/index.ts';
import type { JobResource } from '../../domain/contract/http.ts';
import { WebhookEventType } from '../../domain/contract/job.ts';
import { eventNameOf } from '../../domain/webhook-event.ts';
import { good, type Good } from './checks.ts';
import { SmokeFailure } from './failure.ts';
import type { Listener } from './listener.ts';
import { patiently, TELL_AFTER_MS, type Patience } from './patience.ts';
import type { Owed } from './webhooks.ts';

/** A job that is asked for. */
export type Request = Parameters<SlipwayClient['createJob']>[0];

const HOUR_MS = 3_600_000;

/** However often a submission is made with it, one job comes of it. */
export const newKey = (): string => `smoke-${randomBytes(12).toString('hex')}`;

/** A new job of this request. @throws SmokeFailure */
export async function submitted(
  client: SlipwayClient,
  heard: Listener,
  request: Request,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<Good<JobResource>> {
  const job = await client.createJob(request, { idempotencyKey, signal });
  // A try whose answer was lost has made it too, and the next is told so.
  const isNew = heard.last().status === 201 || heard.tries() > 1;
  if (!isNew) throw new SmokeFailure(`HTTP ${heard.last().status} in the place of 201 for a new job.`);
  return good(`job ${job.id}, ${job.state}`, job);
}

const versionsOf = (events: readonly JobEvent[]) => events.flatMap((event) => (event.version === null ? [] : [event]));

/** A job that has succeeded, and what was told of it on the way. */
export interface Ran {
  readonly job: JobResource;
  readonly events: readonly JobEvent[];
}

/**
 * Follows a job to its end, and says where its time went if that does not come.
 * @param tell told where the job stands, if it takes long
 * @throws SmokeFailure
 */
export async function followed(
  client: SlipwayClient,
  { id, model }: JobResource,
  { withinMs, signal, clock }: Patience,
  tell: (text: string) => void,
): Promise<Good<Ran>> {
  const timeout = AbortSignal.timeout(withinMs);
  const ended = AbortSignal.any([signal, timeout]);
  const events: JobEvent[] = [];
  const inTheWay: string[] = [];
  const follow = async (): Promise<JobResource> => {
    const after = versionsOf(events).at(-1)?.version ?? 0;
    try {
      for await (const event of client.followJob(id, { after, signal: ended })) events.push(event);
      return await client.getJob(id, { signal: ended });
    } catch (error) {
      if (!ended.aborted) inTheWay.push((error as Error).message);
      throw error;
    }
  };
  const tellNoMore = clock.after(TELL_AFTER_MS, () =>
    tell(
      `job ${id} is ${versionsOf(events).at(-1)?.data.state ?? 'not heard of yet'}. It has up to ${withinMs / 1_000} s.`,
    ),
  );
  let job: JobResource;
  try {
    // Until the signal, and not by a second clock beside it.
    job = await patiently(follow, { withinMs: Infinity, signal: ended, clock });
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    const late = `job ${id} was not seen to end within ${withinMs / 1_000} s (--timeout).`;
    const why = inTheWay.slice(-1).map((last) => `Following it failed at last with: ${last}`);
    throw new SmokeFailure([late, ...why, ...(await leave(client, id, signal))].join(' '));
  } finally {
    tellNoMore();
  }
  if (job.state !== 'succeeded') {
    const why = job.error === null ? '' : `: ${job.error.message} (${job.error.kind})`;
    throw new SmokeFailure(`job ${id} of ${model} ended as ${job.state}${why}.`);
  }
  const { queuedSeconds, runSeconds } = job.timing;
  return good(`succeeded; waited ${queuedSeconds ?? '?'} s for a worker, ran ${runSeconds ?? '?'} s`, { job, events });
}

/** Where its time went, and its end: nobody looks at what would come of it, and it may cost. */
async function leave(client: SlipwayClient, id: string, signal: AbortSignal): Promise<readonly string[]> {
  const { sentences } = await client.explainJob(id, { signal }).catch(() => ({ sentences: [] }));
  const after = await client.cancelJob(id, { signal }).then(
    ({ outcome }) => (outcome === 'canceled' ? 'It is canceled now.' : 'Its worker is asked to stop now.'),
    ({ message }: Error) => `It was not canceled: ${message}`,
  );
  return [...sentences, after];
}

/** Whether its events are all there, and lead from queued over running to succeeded. @throws SmokeFailure */
export function timeline({ job, events }: Ran): Good<true> {
  const moves = versionsOf(events);
  const said = moves.map(({ version, data }) => `${version} ${data.state}`).join(', ');
  const isWhole = moves.every(({ version }, i) => version === i + 1) && moves.length === job.version;
  const states = moves.map(({ data }) => data.state);
  const isLife = states.includes('queued') && states.includes('running') && states.at(-1) === 'succeeded';
  if (isWhole && isLife) return good(said, true);
  throw new SmokeFailure(`its events are ${said || 'none'}; it is at version ${job.version}.`);
}

/** The same submission once more, which must be the same job. @throws SmokeFailure */
export async function replayed(
  client: SlipwayClient,
  heard: Listener,
  request: Request,
  idempotencyKey: string,
  job: JobResource,
  signal: AbortSignal,
): Promise<Good<true>> {
  const { id } = await client.createJob(request, { idempotencyKey, signal });
  const { status, headers } = heard.last();
  const isReplay = status === 200 && headers.get('idempotent-replayed') === 'true' && id === job.id;
  if (isReplay) return good('the same key and body are the same job', true);
  throw new SmokeFailure(`the same key and body made job ${id}, HTTP ${status}, in the place of ${job.id}, HTTP 200.`);
}

/**
 * Cancels a job of an hour later, which waits until then and starts no worker; the same job however often it is tried. What is
 * returned throws SmokeFailure.
 */
export function cancellation(
  client: SlipwayClient,
  request: Request,
  signal: AbortSignal,
): () => Promise<Good<{ id: string; events: readonly JobEvent[] }>> {
  const notBefore = new Date(Date.now() + HOUR_MS).toISOString();
  const idempotencyKey = newKey();
  return async () => {
    const { id } = await client.createJob({ ...request, notBefore }, { idempotencyKey, signal });
    const { state } = await client.cancelJob(id, { signal });
    if (state !== 'canceled') throw new SmokeFailure(`job ${id} is ${state} after it was canceled.`);
    const events: JobEvent[] = [];
    for await (const event of client.followJob(id, { signal })) events.push(event);
    return good(`job ${id} is canceled before it ran`, { id, events });
  };
}

/** The webhooks that these events of a job are due. */
export const owedFor = (job: string, events: readonly JobEvent[]): Owed[] =>
  versionsOf(events).flatMap(({ version, data }) => {
    const type = eventNameOf(data.state);
    return WebhookEventType.safeParse(type).success ? [{ job, version, type }] : [];
  });
