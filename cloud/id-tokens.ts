import type { OAuth2Client, TokenPayload } from 'google-auth-library';
import type { Clock, Identity, IdTokens } from '../domain/ports.ts';
import { SECOND } from '../domain/time.ts';
import { asking } from './asking.ts';
import { CALL_MS, type Deadline } from './deadline.ts';
import { lazy } from './lazy.ts';

/** Where the certificates are that ID tokens are signed with; both lists are kept for as long as their answers say. */
const CERTIFICATES = {
  google: 'https://www.googleapis.com/oauth2/v1/certs',
  firebase: 'https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com',
};
const GOOGLE = ['https://accounts.google.com', 'accounts.google.com'];

export interface IdTokenOptions {
  readonly projectId: string;
  /** What a token of a Google account may be for; of no audience of ours none is taken. */
  readonly audiences: readonly string[];
  readonly clock: Clock;
  /** In the place of Google's own, for tests. */
  readonly certificates?: Readonly<Record<keyof typeof CERTIFICATES, string>>;
  readonly callMs?: number;
}

/**
 * ID tokens of Google accounts, and of those that were signed in with a Firebase token of ours, by signature, issuer, audience and
 * time. (Google, "Verify the Google ID token on your server side"; Firebase, "Verify ID tokens using a third-party JWT library".)
 */
export function googleIdTokens(options: IdTokenOptions): IdTokens {
  const { projectId, audiences, clock } = options;
  const deadline = { clock, callMs: options.callMs ?? CALL_MS.secrets };
  const { google, firebase } = options.certificates ?? CERTIFICATES;
  const [accounts, tenants] = [clientOf(google), clientOf(firebase)];
  const firebaseIssuer = `https://securetoken.google.com/${projectId}`;

  return {
    async verify(token): Promise<Identity | null> {
      const issuer = issuerOf(token);
      if (GOOGLE.includes(issuer) && audiences.length > 0) {
        const payload = await payloadOf(deadline, await accounts(), token, audiences, GOOGLE);
        const { email, email_verified: isVerified, exp = 0 } = payload ?? {};
        return email !== undefined && isVerified === true ? { kind: 'account', email, endsAtMs: exp * SECOND } : null;
      }
      if (issuer === firebaseIssuer) {
        const payload = await payloadOf(deadline, await tenants(), token, [projectId], [firebaseIssuer]);
        return payload === null ? null : tenantIn(payload);
      }
      return null;
    },
  };
}

const clientOf = (url: string) =>
  lazy(async (): Promise<OAuth2Client> => {
    const { OAuth2Client: Client } = await import('google-auth-library');
    return new Client({ endpoints: { oauth2FederatedSignonPemCertsUrl: url } });
  });

/** The claims of custom tokens as client-tokens.ts makes them; whoever signed in otherwise belongs to no tenant. */
function tenantIn({ exp, ...claims }: TokenPayload): Identity | null {
  const { tenant, untilMs } = claims as { tenant?: unknown; untilMs?: unknown };
  if (typeof tenant !== 'string' || typeof untilMs !== 'number') return null;
  return { kind: 'tenant', tenant, endsAtMs: Math.min(exp * SECOND, untilMs) };
}

/** Null where the token is not good. The client's errors are not told: they hold the token. @throws UnavailableError */
async function payloadOf(
  deadline: Deadline,
  client: OAuth2Client,
  token: string,
  audiences: readonly string[],
  issuers: readonly string[],
): Promise<TokenPayload | null> {
  const { certs } = await asking(deadline, 'the list of certificates', () => client.getFederatedSignonCertsAsync());
  try {
    const ticket = await client.verifySignedJwtWithCertsAsync(token, certs, [...audiences], [...issuers]);
    return ticket.getPayload() ?? null;
  } catch {
    return null;
  }
}

/** What a token says of itself, unproved: which list of certificates it is to be held against. */
function issuerOf(token: string): string {
  try {
    const [, payload = ''] = token.split('.');
    const { iss } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { iss?: unknown };
    return typeof iss === 'string' ? iss : '';
  } catch {
    return '';
  }
}
