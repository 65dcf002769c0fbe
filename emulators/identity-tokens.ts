import { HOUR, SECOND } from '../domain/time.ts';
import type { Account } from './account.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A fault in the words of the Identity Toolkit API, whose `CODE : explanation` Firebase's SDKs take apart. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}

/** Who has signed in, with which claims, and when. */
export interface SignIn {
  readonly uid: string;
  readonly claims: Fields;
  readonly atMs: number;
}

/** How long an ID token lives. */
export const LIFE_SECONDS = HOUR / SECOND;

/** Firebase, "Create custom tokens using a third-party JWT library". */
const AUDIENCE = 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit';

/**
 * What a custom token says, if it is good: signed by this account (RS256), for this purpose, within its life of an hour at most.
 * @throws IdentityError INVALID_CUSTOM_TOKEN; CREDENTIAL_MISMATCH for another account's, which would be another project's
 */
export function readCustomToken(token: unknown, account: Account, nowMs: number): SignIn {
  const [header, payload] = partsOf(token);
  const { iss, sub, aud, iat, exp, uid, claims = {} } = payload;
  const now = nowMs / SECOND;
  if (header['alg'] !== 'RS256') throw invalid('it is not signed with RS256');
  if (iss !== account.email || sub !== iss) throw new IdentityError('CREDENTIAL_MISMATCH');
  const [signed, signature] = String(token).split(/\.(?=[^.]*$)/) as [string, string];
  if (!account.verify(Buffer.from(signed), Buffer.from(signature, 'base64url')))
    throw invalid('its signature is wrong');
  if (aud !== AUDIENCE) throw invalid('its audience is another one');
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp > iat + LIFE_SECONDS) {
    throw invalid('it lives longer than an hour');
  }
  if (iat > now) throw invalid('it is not valid yet');
  if (exp <= now) throw invalid('it has expired');
  if (typeof uid !== 'string' || uid === '' || uid.length > 128) throw invalid('uid must have 1 to 128 characters');
  if (!isFields(claims)) throw invalid('claims must be an object');
  return { uid, claims, atMs: nowMs };
}

/** The ID token of a sign-in, unsigned. Its claims are those of the custom token, however often it is renewed; so is `auth_time`. */
export function idTokenOf({ uid, claims, atMs }: SignIn, projectId: string, nowMs: number): string {
  const iat = Math.floor(nowMs / SECOND);
  const payload = {
    ...claims,
    iss: `https://securetoken.google.com/${projectId}`,
    aud: projectId,
    auth_time: Math.floor(atMs / SECOND),
    user_id: uid,
    sub: uid,
    iat,
    exp: iat + LIFE_SECONDS,
    firebase: { identities: {}, sign_in_provider: 'custom' },
  };
  return `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(payload)}.`;
}

/** Whose ID token this is. @throws IdentityError INVALID_ID_TOKEN */
export function userOf(idToken: unknown): string {
  try {
    return String(partsOf(idToken)[1]['sub']);
  } catch {
    throw new IdentityError('INVALID_ID_TOKEN');
  }
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const invalid = (why: string): IdentityError => new IdentityError(`INVALID_CUSTOM_TOKEN : ${why}`);

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Header and payload of a JWT (RFC 7519). */
function partsOf(token: unknown): readonly [Fields, Fields] {
  const parts = typeof token === 'string' ? token.split('.') : [];
  const [header, payload] = parts.slice(0, 2).map(decoded);
  if (parts.length !== 3 || !isFields(header) || !isFields(payload)) throw invalid('it is not a JWT');
  return [header, payload];
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
