import type { ClientTokens, Clock } from '../domain/ports.ts';
import { HOUR, SECOND } from '../domain/time.ts';
import { asking } from './asking.ts';
import { CALL_MS } from './deadline.ts';
import type { Project } from './endpoints.ts';
import { lazy } from './lazy.ts';
import { accountAuth, signingEndpoint, type LocalSigner } from './signer.ts';

/** What a custom token is for, and the longest it may live (Firebase, "Create custom tokens using a third-party JWT library"). */
const AUDIENCE = 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit';
const LIFE_MS = HOUR;

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Firebase custom tokens, signed by this function's own account: a client trades one for an ID token whose claims firestore.rules
 * look at: `tenant`, and `untilMs`, since an SDK renews ID tokens without end. One user for each tenant, since it is the tenant
 * that may read.
 */
export function firebaseTokens(
  options: Project & {
    readonly databaseId: string;
    readonly clock: Clock;
    readonly signer?: LocalSigner | undefined;
    /** How long it may take until the account is known, and again until it has signed. */
    readonly callMs?: number;
  },
): ClientTokens {
  const { clock, endpoints, signer, projectId, databaseId } = options;
  const auth = lazy(() => accountAuth(signer));
  const deadline = { clock, callMs: options.callMs ?? CALL_MS.tokens };

  return {
    async make(tenant) {
      const { client_email: email } = await asking(deadline, 'the metadata server', async () => {
        return (await auth()).getCredentials();
      });
      if (email === undefined) throw new Error('this function runs as no service account, so it cannot sign tokens');
      const issuedAt = Math.floor(clock.nowMs() / SECOND);
      const expiresAt = issuedAt + LIFE_MS / SECOND;
      const claims = {
        iss: email,
        sub: email,
        aud: AUDIENCE,
        iat: issuedAt,
        exp: expiresAt,
        uid: `tenant:${tenant}`,
        claims: { tenant, untilMs: expiresAt * SECOND },
      };
      const text = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claims)}`;
      const signature = await asking(deadline, 'the IAM API', async () => {
        return (await auth()).sign(text, signingEndpoint(endpoints));
      });
      const token = `${text}.${Buffer.from(signature, 'base64').toString('base64url')}`;
      return { token, expiresAtMs: expiresAt * SECOND, projectId, databaseId };
    },
  };
}
