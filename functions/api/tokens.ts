import type { z } from 'zod';
import type { FirebaseToken, JobToken } from '../../domain/contract/http.ts';
import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps, Deps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { ownJob } from './own-job.ts';
import { openReadToken, readToken } from './read-token.ts';
import type { Call } from './route.ts';

/** `POST /v1/jobs/{id}/tokens`: a read token of this job, for a browser. @throws RequestError not_found, gone */
export async function postReadToken(deps: ApiDeps, call: Call): Promise<Answer> {
  const { id, tenant } = (await ownJob(deps, call)).data;
  const token = await readToken(deps.secrets, tenant, id, deps.clock.nowMs());
  const { endsAtMs = 0 } = (await openReadToken(deps.secrets, token)) ?? {};
  const body: z.infer<typeof JobToken> = { token, job: id, expiresAt: new Date(endsAtMs).toISOString() };
  return { status: 201, body };
}

/**
 * `POST /v1/tokens/firebase`: an API key for a token with which the tenant's own programs listen in Firestore.
 * @throws RequestError no_listeners
 */
export async function postFirebaseToken(
  { tokens }: Pick<Deps, 'tokens'>,
  { tenant }: Pick<Call, 'tenant'>,
): Promise<Answer> {
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
