import type { ReadyReply, WorkerEnv } from '../domain/contract/door.ts';
import { DOOR_PROTOCOL } from '../domain/contract/door-protocol.ts';
import type { Door } from './door-client.ts';
import { isPassing } from './door-errors.ts';
import { retryWhile, type Patience } from './wait.ts';

/** A session, and when the request began that made its lease good. */
export interface Session {
  readonly bounds: ReadyReply;
  readonly goodSinceMs: number;
}

/**
 * Trades the ticket for a session. Every try carries the same key, so that the door knows a repeated try from a twin's.
 * @throws SessionRefusedError when another execution has the slot, DoorFailure when patience is over
 */
export async function becomeReady(env: WorkerEnv, door: Door, patience: Patience): Promise<Session> {
  const { clock, random } = patience;
  const request = {
    protocol: DOOR_PROTOCOL,
    slot: env.SLIPWAY_SLOT,
    fence: env.SLIPWAY_FENCE,
    ticket: env.SLIPWAY_TICKET,
    execution: env.CLOUD_RUN_EXECUTION,
    sessionKey: random.hex(32),
  };
  let tries = 0;
  let goodSinceMs = 0;
  const begin = <T>(call: () => Promise<T>): (() => Promise<T>) => {
    return () => {
      tries += 1;
      goodSinceMs = clock.nowMs();
      return call();
    };
  };
  const bounds = await retryWhile(
    isPassing,
    begin(() => door.ready(request)),
    patience,
  );
  if (tries > 1) {
    // Which of the tries the store took is unknown, and the first may be long ago: begin with a renewal of known time.
    await retryWhile(
      isPassing,
      begin(() => door.renew()),
      patience,
    );
  }
  return { bounds, goodSinceMs };
}
