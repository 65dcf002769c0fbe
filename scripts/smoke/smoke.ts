import { randomBytes } from 'node:crypto';
import { createClient } from '../../client/index.ts';
import { WebhookEventType } from '../../domain/contract/job.ts';
import { artifactsOf, outputOf } from './answers.ts';
import { systemHost } from '../../client/host.ts';
import { CHECKS, checksTo, good, OF_WEBHOOKS } from './checks.ts';
import { carriedByTrigger } from './events.ts';
import type { Inbox } from './inbox.ts';
import { cancellation, followed, newKey, owedFor, replayed, submitted, timeline } from './job.ts';
import { listener } from './listener.ts';
import type { SmokeClock } from './patience.ts';
import { healthy, modelOf } from './ready.ts';
import type { Sample } from './samples.ts';
import { arrived, type Owed } from './webhooks.ts';

export interface Smoke {
  readonly url: string;
  readonly key: string;
  /** Where webhooks are to be sent; null where none can be tried. */
  readonly inbox: Inbox | null;
  /** The model to try; the first that there is a sample for unless given. */
  readonly sample?: Sample;
  readonly say: (line: string) => void;
  readonly columns: number;
  readonly signal: AbortSignal;
  readonly times: SmokeTimes;
  /** The machine's unless given. */
  readonly clock?: SmokeClock;
}

export interface SmokeTimes {
  /** How long a job may take from its submission to its end: a worker's cold start among it. */
  readonly jobMs: number;
  /** How long webhooks may take after that. */
  readonly webhooksMs: number;
  /** How long a new deployment may take to be well: its first sweep comes with the next minute, and its rights may come later. */
  readonly healthMs: number;
  /** How long in each other check what was just deployed may answer as if it were not. */
  readonly answersMs: number;
  /** How long an event that its trigger carries is waited for, after the first webhooks. */
  readonly eventsMs: number;
  /** How old an event is at the least that sweep takes. */
  readonly staleMs: number;
}

const HOUR_MS = 3_600_000;

/**
 * Submits real jobs to a deployment, as a customer would, and says of each thing that a customer relies on whether it holds.
 * @returns whether all of it does
 */
export async function smoke(options: Smoke): Promise<boolean> {
  const { url, key, inbox, sample, say, columns, signal, times, clock = systemHost.clock } = options;
  const heard = listener();
  const client = createClient({ url, key, fetch: heard.fetch });
  const checks = checksTo(say, columns, { signal, clock });
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const owed: Owed[] = [];

  // What needs no receiver is checked without one.
  const proof = async (to: Inbox) => good('keeps what it is sent', await to.prove(signal));
  const proven = inbox !== null && (await checks.check('receiver', times.answersMs, () => proof(inbox))) !== null;
  const to = proven ? inbox : null;
  const webhook = to === null ? {} : { webhook: { url: to.url, secret, events: [...WebhookEventType.options] } };
  await checks.check('health', times.healthMs, () => healthy(client, signal));
  const found = await checks.check('models', times.answersMs, () => modelOf(client, signal, sample));
  if (found !== null) {
    // An hour after their end nothing is left of these jobs.
    const common = { ...webhook, labels: ['smoke'], retentionSeconds: HOUR_MS / 1_000 };
    const request = { ...common, model: found.model.name, input: found.sample.input };
    const idempotencyKey = newKey();
    const { answersMs } = times;
    const job = await checks.check('submit', answersMs, () =>
      submitted(client, heard, request, idempotencyKey, signal),
    );
    const patience = { withinMs: times.jobMs, signal, clock };
    const ran = job === null ? null : await checks.check('run', 0, (tell) => followed(client, job, patience, tell));
    if (ran !== null) {
      owed.push(...owedFor(ran.job.id, ran.events));
      await checks.check('output', answersMs, () => outputOf(client, ran.job, found, signal));
      await checks.check('timeline', 0, async () => timeline(ran));
      await checks.check('artifacts', answersMs, () => artifactsOf(ran.job, signal));
      await checks.check('replay', answersMs, () => replayed(client, heard, request, idempotencyKey, ran.job, signal));
    }
    if (job !== null) {
      const canceled = await checks.check('cancel', answersMs, cancellation(client, request, signal));
      owed.push(...owedFor(canceled?.id ?? '', canceled?.events ?? []));
    }
    if (to !== null && owed.length > 0) {
      const { webhooksMs, eventsMs, staleMs } = times;
      const all = await checks.check('webhooks', webhooksMs, () => arrived(to, owed, secret, signal));
      const another = (): Promise<unknown> => cancellation(client, request, signal)();
      // Of what did not come at all nobody can say what would have carried it.
      if (all !== null)
        await checks.check('events', eventsMs, carriedByTrigger(to, secret, { staleMs, signal, clock }, another));
    }
  }
  return checks.close(CHECKS.filter((name) => inbox !== null || !OF_WEBHOOKS.includes(name)));
}
