import { DOOR_PROTOCOL, Greeting, ReadyRequest, type ReadyReply } from '../../domain/contract/door.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, update } from '../../domain/ports.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { UNHELD } from '../../domain/slot.policy.ts';
import { SECOND } from '../../domain/time.ts';
import type { DoorDeps } from '../deps.ts';
import { parseAs } from '../http/parse.ts';
import { decideAgain } from '../steps/again.ts';
import { sameDigest, sha256 } from './session.ts';

/**
 * Trades a ticket for a session. Of two executions of one launch the first wins; the other is refused and exits. A repeated
 * call is recognised by its execution AND its own session key, never by the fence, which its twin has as well.
 * (The protocol's `ready`.)
 * @param body a `ReadyRequest`, if it is of this door's protocol
 * @throws RequestError session_refused, invalid_input
 */
export async function ready(deps: DoorDeps, body: unknown): Promise<ReadyReply> {
  const greeting = parseAs(Greeting, body, 'invalid_input');
  if (greeting.protocol !== DOOR_PROTOCOL) {
    await giveUp(deps, greeting);
    throw new RequestError('session_refused', `This door speaks protocol ${DOOR_PROTOCOL}, not ${greeting.protocol}.`);
  }
  const request = parseAs(ReadyRequest, body, 'invalid_input');
  const sessionHash = sha256(request.sessionKey);
  const queueName = await decideAgain(async () => {
    const read = await deps.store.get(refs.slot(request.slot));
    if (read === null || read.data.fence !== request.fence) {
      throw new RequestError('session_refused', 'The slot was handed on.');
    }
    const slot = read.data;
    if (slot.state === 'ready' && slot.execution === request.execution && sameDigest(slot.sessionHash, sessionHash)) {
      return slot.queue;
    }
    if (!mayTake(slot, request)) {
      throw new RequestError('session_refused', 'Another execution holds this slot, or the ticket is void.');
    }
    await deps.store.commit([
      update(refs.slot(request.slot), read, {
        state: 'ready',
        execution: request.execution,
        ticketHash: null,
        sessionHash,
        readyAtMs: deps.clock.nowMs(),
      }),
    ]);
    return slot.queue;
  });
  const queue = deps.catalogue.queues.get(queueName);
  if (queue === undefined) throw new RequestError('session_refused', `There is no queue ${queueName} any more.`);
  return {
    models: [...queue.models],
    renewEveryMs: deps.settings.renewEveryMs,
    abandonAfterMs: deps.settings.abandonAfterMs,
    idleTimeoutMs: Math.round(queue.pool.idleTimeoutSeconds * SECOND),
    maxLifetimeMs: Math.round(queue.pool.maxLifetimeSeconds * SECOND),
  };
}

/** Whether this launch is the one that the slot waits for. */
const mayTake = ({ state, fence, ticketHash }: Slot, request: Greeting): boolean =>
  (state === 'reserved' || state === 'starting') &&
  fence === request.fence &&
  sameDigest(ticketHash, sha256(request.ticket));

/**
 * Frees the slot of a worker that speaks another protocol: of an image older or newer than this deployment. It exits at once,
 * and its slot must not wait for a lease. The next launch may well bring the same image, so it counts as a failed boot.
 */
async function giveUp(deps: DoorDeps, request: Greeting): Promise<void> {
  await decideAgain(async () => {
    const read = await deps.store.get(refs.slot(request.slot));
    if (read === null || !mayTake(read.data, request)) return;
    const bootFailures = read.data.bootFailures + 1;
    await deps.store.commit([update(refs.slot(request.slot), read, { ...UNHELD, bootFailures })]);
    deps.log.error('a worker of another protocol was refused', {
      slot: request.slot,
      protocol: request.protocol,
      speaks: DOOR_PROTOCOL,
    });
  });
}
