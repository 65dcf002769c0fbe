import { randomBytes } from 'node:crypto';
import { createClient } from '../../client/index.ts';
import { WebhookEventType } from '../../domain/contract/job.ts';
import { artifactsOf, outputOf } from './answers.ts';
import { CHECKS, checksTo, good } from './checks.ts';
import type { Inbox } from './inbox.ts';
import { cancel, followed, owedFor, replayed, submitted, timeline } from './job.ts';
import { listener } from './listener.ts';
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
}

export interface SmokeTimes {
  /** How long a job may take from its submission to its end: a worker's cold start among it. */
  readonly jobMs: number;
  /** How long webhooks may take after that. */
  readonly webhooksMs: number;
  /** How long a new deployment may take to be well: its first sweep comes with the next minute. */
  readonly healthMs: number;
}

const HOUR_MS = 3_600_000;

/**
 * Submits real jobs to a deployment, as a customer would, and says of each thing that a customer relies on whether it holds.
 * @returns whether all of it does
 */
export async function smoke({ url, key, inbox, sample, say, columns, signal, times }: Smoke): Promise<boolean> {
  const heard = listener();
  const client = createClient({ url, key, fetch: heard.fetch });
  const checks = checksTo(say, columns, signal);
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const webhook = inbox === null ? {} : { webhook: { url: inbox.url, secret, events: [...WebhookEventType.options] } };
  // An hour after their end nothing is left of these jobs.
  const common = { ...webhook, labels: ['smoke'], retentionSeconds: HOUR_MS / 1_000 };
  const owed: Owed[] = [];

  const isReady =
    inbox === null ||
    (await checks.check('receiver', async () => good('keeps what it is sent', await inbox.prove(signal))));
  await checks.check('health', () => healthy(client, signal, times.healthMs));
  const found = await checks.check('models', () => modelOf(client, signal, sample));
  if (found !== null && isReady !== null) {
    const request = { ...common, model: found.model.name, input: found.sample.input };
    const idempotencyKey = `smoke-${randomBytes(12).toString('hex')}`;
    const job = await checks.check('submit', () => submitted(client, heard, request, idempotencyKey, signal));
    const ran = job === null ? null : await checks.check('run', () => followed(client, job, signal, times.jobMs));
    if (ran !== null) {
      owed.push(...owedFor(ran.job.id, ran.events));
      await checks.check('output', () => outputOf(client, ran.job, found, signal));
      await checks.check('timeline', async () => timeline(ran));
      await checks.check('artifacts', () => artifactsOf(ran.job, signal));
      await checks.check('replay', () => replayed(client, heard, request, idempotencyKey, ran.job, signal));
    }
    if (job !== null) {
      const canceled = await checks.check('cancel', () => cancel(client, request, signal));
      owed.push(...owedFor(canceled?.id ?? '', canceled?.events ?? []));
    }
    if (inbox !== null && owed.length > 0) {
      await checks.check('webhooks', () => arrived(inbox, owed, secret, signal, times.webhooksMs));
    }
  }
  return checks.close(CHECKS.filter((name) => inbox !== null || (name !== 'receiver' && name !== 'webhooks')));
}
