import type { z } from 'zod';
import type { FirebaseToken, JobToken } from '../../domain/contract/http.ts';
import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps, Deps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { ownJob } from './own-job.ts';
import { openReadToken, readToken } from './read-token.ts';
import type { Call } from './route.ts';

/**
 * A sign-in ends, and what it shows ends with it: a token of it would outlive it, and one of Firebase would renew it for ever.
 * @throws RequestError forbidden
 */
function checkNoSignIn({ via }: Pick<Call, 'via'>): void {
  if (via !== 'sign-in') return;
  throw new RequestError(
    'forbidden',
    'A program that signed in with a token makes no others. Ask with a key of the tenant, or with its Google account.',
  );
}

/** `POST /v1/jobs/{id}/tokens`: a read token of this job, for a browser. @throws RequestError forbidden, not_found, gone */
export async function postReadToken(deps: ApiDeps, call: Call): Promise<Answer> {
  checkNoSignIn(call);
  const { id, tenant } = (await ownJob(deps, call)).data;
  const token = await readToken(deps.secrets, tenant, id, deps.clock.nowMs());
  const { endsAtMs = 0 } = (await openReadToken(deps.secrets, token)) ?? {};
  const body: z.infer<typeof JobToken> = { token, job: id, expiresAt: new Date(endsAtMs).toISOString() };
  return { status: 201, body };
}

/**
 * `POST /v1/tokens/firebase`: an API key for a token with which the tenant's own programs listen in Firestore.
 * @throws RequestError forbidden, no_listeners
 */
export async function postFirebaseToken(
  { tokens }: Pick<Deps, 'tokens'>,
  call: Pick<Call, 'tenant' | 'via'>,
): Promise<Answer> {
  checkNoSignIn(call);
  const { tenant } = call;
  const made = await tokens.make(tenant);
  if (made === null) {
    throw new RequestError(
      'no_listeners',
      'This deployment keeps its jobs in no Firestore. Hold a request open with "Prefer: wait=N", or give the job a webhook.',
    );
  }
  const { token, expiresAtMs, projectId, databaseId } = made;
  const body: FirebaseToken = { token, expiresAt: new Date(expiresAtMs).toISOString(), tenant, projectId, databaseId };
  return { status: 200, body };
}
