import type { Delivery, DeliveryAttempt } from '../../domain/contract/delivery.ts';
import { isSameCall, lostTryAtMs, nextTry, retryAfterMs, type AfterTry } from '../../domain/delivery.policy.ts';
import { AddressRefusedError, HttpFailure, isConflict } from '../../domain/errors.ts';
import type { TriedRecord } from '../../domain/metrics.ts';
import { refs, update, type OutboundResponse } from '../../domain/ports.ts';
import { NEVER_MS, SECOND } from '../../domain/time.ts';
import { eventAtMs } from '../../domain/webhook-event.ts';
import type { DeliverDeps } from '../deps.ts';
import { decideAgain } from '../steps/again.ts';
import { signedHeaders } from './sign.ts';

/** How much of an answer is kept. */
const EXCERPT_BYTES = 1_024;
/** The longest that a call waits to make the second try itself. */
const SAME_CALL_MS = 10 * SECOND;

/**
 * Makes the try that a delivery is due for, and the second one too if it comes soon. A try is claimed before it is sent and
 * recorded after: of any number of calls at once one sends, and a crash in between costs one try, which sweep follows up.
 * @param gone aborted when the caller has hung up: the second try is then left to sweep
 */
export async function deliver(deps: DeliverDeps, deliveryId: string, gone: AbortSignal): Promise<void> {
  const first = await tryOnce(deps, deliveryId, null);
  if (first === null || first.after.state !== 'pending') return;
  const waitMs = first.after.nextAtMs - deps.clock.nowMs();
  if (!isSameCall(first.claims, waitMs, SAME_CALL_MS) || !(await pause(deps, waitMs, gone))) return;
  await tryOnce(deps, deliveryId, first.claims);
}

interface Tried {
  readonly claims: number;
  readonly after: AfterTry;
}

/** @param follows the claims that the caller's own try before this one left; null for a caller that comes by due time */
async function tryOnce(deps: DeliverDeps, id: string, follows: number | null): Promise<Tried | null> {
  const claimed = await claim(deps, id, follows);
  if (claimed === null) return null;
  const secret = (await deps.store.get(refs.jobPrivate(claimed.jobId)))?.data.webhookSecret ?? null;
  const { attempt, askedMs } = await send(deps, claimed, secret);
  const after = nextTry({
    tries: claimed.claims,
    status: attempt.status,
    retryAfterMs: askedMs,
    scheduleMs: secret === null ? [] : deps.settings.deliveryScheduleMs,
    nowMs: deps.clock.nowMs(),
    jitter: deps.random.unit(),
  });
  await record(deps, claimed, attempt, after);
  return { claims: claimed.claims, after };
}

/** The delivery with one more claim, ours; null where it is not due, or another call was first. */
async function claim(deps: DeliverDeps, id: string, follows: number | null): Promise<Delivery | null> {
  const { scheduleMs, timeoutMs } = {
    scheduleMs: deps.settings.deliveryScheduleMs,
    timeoutMs: deps.settings.deliveryTimeoutMs,
  };
  const read = await deps.store.get(refs.delivery(id));
  if (read === null || read.data.state !== 'pending') return null;
  const { claims, nextAtMs } = read.data;
  const isDue = follows === null ? claims === 0 || nextAtMs <= read.readAtMs : claims === follows;
  if (!isDue) return null;
  // Its last try was claimed and then lost: there is none left to make.
  const isSpent = claims >= scheduleMs.length;
  const view = { tries: claims + 1, scheduleMs, timeoutMs, nowMs: deps.clock.nowMs(), jitter: deps.random.unit() };
  const patch: Partial<Delivery> = isSpent
    ? { state: 'exhausted', nextAtMs: NEVER_MS }
    : { claims: claims + 1, nextAtMs: lostTryAtMs(view) };
  try {
    await deps.store.commit([update(refs.delivery(id), read, patch)]);
  } catch (error) {
    if (isConflict(error)) return null;
    throw error;
  }
  return isSpent ? null : { ...read.data, ...patch };
}

interface Sent {
  readonly attempt: DeliveryAttempt;
  readonly askedMs: number | null;
}

async function send(deps: DeliverDeps, delivery: Delivery, secret: string | null): Promise<Sent> {
  const atMs = deps.clock.nowMs();
  const attemptWith = (outcome: Pick<DeliveryAttempt, 'status' | 'failure' | 'excerpt'>): DeliveryAttempt => ({
    atMs,
    latencyMs: Math.max(0, deps.clock.nowMs() - atMs),
    ...outcome,
  });
  if (secret === null) {
    return {
      attempt: attemptWith({ status: null, failure: 'its signing secret is gone', excerpt: '' }),
      askedMs: null,
    };
  }
  const signed = {
    id: `evt_${delivery.jobId}_${delivery.seq}`,
    timestampSeconds: Math.floor(atMs / SECOND),
    body: delivery.body,
  };
  let response: OutboundResponse;
  try {
    response = await deps.http.send({
      url: delivery.url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Slipway-Webhooks/1',
        ...signedHeaders(secret, signed),
      },
      body: delivery.body,
      timeoutMs: deps.settings.deliveryTimeoutMs,
      maxResponseBytes: EXCERPT_BYTES,
    });
  } catch (error) {
    if (!(error instanceof AddressRefusedError) && !(error instanceof HttpFailure)) throw error;
    const failure = error instanceof AddressRefusedError ? `refused: ${error.message}` : `failed: ${error.message}`;
    return { attempt: attemptWith({ status: null, failure, excerpt: '' }), askedMs: null };
  }
  const excerpt = new TextDecoder().decode(response.body);
  return {
    attempt: attemptWith({ status: response.status, failure: null, excerpt }),
    askedMs: retryAfterMs(response.headers['retry-after'], deps.clock.nowMs()),
  };
}

/** Adds the attempt whatever happened meanwhile; decides only while no later try has been claimed, except that success is success. */
async function record(deps: DeliverDeps, claimed: Delivery, attempt: DeliveryAttempt, after: AfterTry): Promise<void> {
  await decideAgain(async () => {
    const read = await deps.store.get(refs.delivery(claimed.id));
    // A round that was lost to its own commit, repeated on the way, finds the attempt on record: tries are seconds apart.
    if (read === null || read.data.attempts.some(({ atMs }) => atMs === attempt.atMs)) return;
    const decides =
      read.data.state === 'pending' && (read.data.claims === claimed.claims || after.state === 'delivered');
    const attempts = [...read.data.attempts, attempt];
    await deps.store.commit([update(refs.delivery(claimed.id), read, { attempts, ...(decides ? after : {}) })]);
  });
  deps.log.info('webhook tried', { ...triedRecord(claimed, attempt, after) });
}

/** How late we are shows in the first try that was made: when the later ones come is up to the receiver. */
function triedRecord(claimed: Delivery, attempt: DeliveryAttempt, after: AfterTry): TriedRecord {
  const lateMs = attempt.atMs - eventAtMs(claimed.body);
  return {
    delivery: claimed.id,
    event: claimed.type,
    try: claimed.claims,
    status: attempt.status,
    failure: attempt.failure,
    latencyMs: attempt.latencyMs,
    toldMs: claimed.attempts.length > 0 || Number.isNaN(lateMs) ? null : Math.max(0, lateMs),
    state: after.state,
  };
}

/** False where the caller hung up meanwhile. */
async function pause({ clock }: DeliverDeps, ms: number, gone: AbortSignal): Promise<boolean> {
  if (!gone.aborted) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        callOff();
        gone.removeEventListener('abort', done);
        resolve();
      };
      const callOff = clock.after(Math.max(0, ms), done);
      gone.addEventListener('abort', done);
    });
  }
  return !gone.aborted;
}
