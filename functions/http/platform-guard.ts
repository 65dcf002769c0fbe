import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { RequestError } from '../../domain/errors.ts';
import type { Clock } from '../../domain/ports.ts';
import { SECOND } from '../../domain/time.ts';
import { bearerOf, checkPrivateCall } from './guard.ts';

/** What is looked at of an ID token; Google's have more. */
const Claims = z.looseObject({ email: z.string(), email_verified: z.literal(true), exp: z.number() });

/**
 * The guard of a function that only accounts of this deployment may call, on Cloud Run: a second look, behind the platform's
 * own. Cloud Run has checked signature and audience of the token, and that its account may invoke this function, before the
 * request came here, and has taken the signature off; so it is the claims that are read here, for the day on which somebody
 * gives the right to invoke to more accounts than were meant. Where everybody may invoke, nobody checks the token, and this is no
 * defence: the deployment must give that right to `callers` alone.
 * @param options.callers addresses of the service accounts that may call
 */
export function platformGuard({
  callers,
  clock,
}: {
  readonly callers: readonly string[];
  readonly clock: Clock;
}): (request: IncomingMessage) => Promise<void> {
  return async (request) => {
    // Where it is there, it is the token that Cloud Run has checked, and `Authorization` is passed on as it came.
    if (request.headers['x-serverless-authorization'] !== undefined) {
      throw new RequestError('unauthenticated', 'Send the token as Authorization, and in no other header.');
    }
    const claims = claimsOf(bearerOf(request));
    if (claims === null || claims.exp * SECOND <= clock.nowMs() || !callers.includes(claims.email)) {
      throw new RequestError('unauthenticated', 'This function may only be called by accounts of its own deployment.');
    }
    checkPrivateCall(request);
  };
}

function claimsOf(token: string | null): z.infer<typeof Claims> | null {
  const payload = token?.split('.')[1];
  if (payload === undefined) return null;
  try {
    return Claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  } catch {
    return null;
  }
}
