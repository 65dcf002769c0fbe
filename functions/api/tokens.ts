import type { FirebaseToken } from '../../domain/contract/http.ts';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import type { Call } from './route.ts';

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
