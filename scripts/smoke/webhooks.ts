import { verifyWebhook, type WebhookEvent } from '../../client/index.ts';
import { good, type Good } from './checks.ts';
import { NotYet, SmokeFailure } from './failure.ts';
import type { Inbox } from './inbox.ts';
import type { ReceivedRequest } from './receiver.ts';

/** A webhook that a job's event is due. */
export interface Owed {
  readonly job: string;
  readonly version: number;
  readonly type: string;
}

/** A webhook that came, and may be believed. */
export interface Told extends Owed {
  /** The same at each try. */
  readonly messageId: string;
  /** When that was which it tells of. */
  readonly eventAtMs: number;
  /** When this try of it was made. */
  readonly triedAtSeconds: number;
}

/** What came, where all of it is signed right. @throws SmokeFailure for the first that is not */
export async function believed(received: readonly ReceivedRequest[], secret: string): Promise<Told[]> {
  return Promise.all(
    received.map(async ({ headers, base64, atMs }) => {
      let event: WebhookEvent;
      try {
        // By the receiver's clock: the first came long before the job's end.
        event = await verifyWebhook(headers, Buffer.from(base64, 'base64'), secret, { nowMs: atMs });
      } catch (error) {
        throw new SmokeFailure(`A webhook came that must not be believed: ${(error as Error).message}.`);
      }
      const { id, version } = event.data;
      return {
        job: id,
        version,
        type: event.type,
        messageId: headers['webhook-id'] ?? '',
        eventAtMs: Date.parse(event.timestamp),
        triedAtSeconds: Number(headers['webhook-timestamp']),
      };
    }),
  );
}

/** Of what is owed, what has not come. */
export const missingOf = (owed: readonly Owed[], told: readonly Told[]): Owed[] =>
  owed.filter(({ job, version }) => !told.some((each) => each.job === job && each.version === version));

/**
 * What is wrong with webhooks of which none is missing; null where nothing is. They may come more than once and in any order: what
 * their versions say, in order, has to be the job's timeline.
 */
export function faultOf(owed: readonly Owed[], told: readonly Told[]): string | null {
  for (const { job, version, type, messageId } of told) {
    const due = owed.find((each) => each.job === job && each.version === version);
    if (due === undefined) return `${type} came for version ${version}, which asks for none`;
    if (due.type !== type) return `${type} came as version ${version}, which is ${due.type}`;
    const other = told.find((each) => each.job === job && each.version === version && each.messageId !== messageId);
    if (other !== undefined) return `${type} came under two ids, ${messageId} and ${other.messageId}`;
  }
  return null;
}

/** How they came, for whoever reads along. */
export function saidOf(told: readonly Told[]): string {
  const ids = new Set(told.map(({ messageId }) => messageId));
  const firsts = [...new Map(told.map((each) => [`${each.job} ${each.version}`, each])).values()];
  const isInOrder = firsts.every((each, i) =>
    firsts.slice(0, i).every((before) => before.job !== each.job || before.version < each.version),
  );
  const again = told.length - ids.size;
  const parts = [
    `${ids.size} came, all signed right, in order of version`,
    ...(isInOrder ? [] : ['once sorted by it']),
    ...(again === 0 ? [] : [`${again} of them again`]),
  ];
  return parts.join(', ');
}

/**
 * Whether all has come that is owed.
 * @throws SmokeFailure; NotYet where something is still to come
 */
export async function arrived(
  inbox: Inbox,
  owed: readonly Owed[],
  secret: string,
  signal: AbortSignal,
): Promise<Good<true>> {
  // Those of a job that failed its own check are no matter: what is owed for it is not known.
  const told = (await believed(await inbox.received(signal), secret)).filter((each) =>
    owed.some(({ job }) => job === each.job),
  );
  const missing = missingOf(owed, told);
  const fault = faultOf(owed, told);
  if (fault !== null) throw new SmokeFailure(`${fault}.`);
  if (missing.length === 0) return good(saidOf(told), true);
  const named = missing.map(({ type, version }) => `${type} (version ${version})`).join(', ');
  throw new NotYet(
    `${missing.length} of ${owed.length} did not come: ${named}. ` +
      'The log of deliver-webhook says what became of them.',
  );
}
