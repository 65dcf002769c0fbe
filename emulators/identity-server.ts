import type { ServerResponse } from 'node:http';
import type { Clock, Random } from '../domain/ports.ts';
import type { Account } from './account.ts';
import { bodyOf, sendJson, startHttpServer, type HttpServer } from './http-server.ts';
import { idTokenOf, IdentityError, LIFE_SECONDS, readCustomToken, userOf, type SignIn } from './identity-tokens.ts';

/**
 * Firebase Authentication, as far as a program speaks with it that signs in with a custom token: the sign-in, the look-up that
 * follows it, and the renewal of ID tokens (Identity Toolkit and Secure Token REST APIs, under the paths that
 * `connectAuthEmulator` calls). A custom token is checked in earnest, its signature too.
 *
 * What it is not: there is no other way to sign in, users are not kept, any web API key will do, and pages of a browser are not
 * answered (no CORS). Its ID tokens are unsigned, like those of Firebase's own emulator: Google's Firestore emulator takes them,
 * and nothing else does.
 */
export async function startIdentityServer(options: {
  readonly projectId: string;
  /** Whose custom tokens are good. */
  readonly account: Account;
  readonly clock: Clock;
  readonly random: Random;
}): Promise<HttpServer> {
  const { projectId, account, clock, random } = options;
  const byRefreshToken = new Map<string, SignIn>();
  const byUser = new Map<string, SignIn>();

  const signIn = (token: unknown): object => {
    const made = readCustomToken(token, account, clock.nowMs());
    const isNewUser = !byUser.has(made.uid);
    const refreshToken = random.hex(32);
    byRefreshToken.set(refreshToken, made);
    byUser.set(made.uid, made);
    const idToken = idTokenOf(made, projectId, clock.nowMs());
    return { idToken, refreshToken, expiresIn: String(LIFE_SECONDS), isNewUser };
  };

  const lookUp = (idToken: unknown): object => {
    const last = byUser.get(userOf(idToken));
    if (last === undefined) throw new IdentityError('USER_NOT_FOUND');
    return { users: [{ localId: last.uid, lastLoginAt: String(last.atMs), customAuth: true }] };
  };

  const renew = (form: URLSearchParams): object => {
    if (form.get('grant_type') !== 'refresh_token') throw new IdentityError('INVALID_GRANT_TYPE');
    const refreshToken = form.get('refresh_token') ?? '';
    const made = byRefreshToken.get(refreshToken);
    if (made === undefined) throw new IdentityError('INVALID_REFRESH_TOKEN');
    const idToken = idTokenOf(made, projectId, clock.nowMs());
    return {
      access_token: idToken,
      id_token: idToken,
      refresh_token: refreshToken,
      expires_in: String(LIFE_SECONDS),
      token_type: 'Bearer',
      user_id: made.uid,
      project_id: projectId,
    };
  };

  return startHttpServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://identity');
    const text = (await bodyOf(request)).toString('utf8');
    try {
      switch (`${request.method} ${pathname}`) {
        case 'POST /identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken':
          return sendJson(response, 200, signIn(fieldOf(text, 'token')));
        case 'POST /identitytoolkit.googleapis.com/v1/accounts:lookup':
          return sendJson(response, 200, lookUp(fieldOf(text, 'idToken')));
        case 'POST /securetoken.googleapis.com/v1/token':
          return sendJson(response, 200, renew(new URLSearchParams(text)));
        default:
          return refuse(response, 404, 'OPERATION_NOT_ALLOWED : only custom tokens are traded here');
      }
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      refuse(response, 400, error.message);
    }
  });
}

/** @throws IdentityError INVALID_ARGUMENT where the body is no JSON */
function fieldOf(body: string, name: string): unknown {
  try {
    return (JSON.parse(body) as Record<string, unknown> | null)?.[name];
  } catch {
    throw new IdentityError('INVALID_ARGUMENT : the body is not JSON');
  }
}

const refuse = (response: ServerResponse, code: number, message: string): void =>
  sendJson(response, code, { error: { code, message, errors: [{ message, reason: 'invalid', domain: 'global' }] } });
