import type { Account } from './account.ts';
import { bodyOf, sendJson, startHttpServer, type HttpServer } from './http-server.ts';

export interface MetadataServer extends HttpServer {
  /** For `GCE_METADATA_HOST`. */
  readonly host: string;
}

const TOKEN = 'an access token of this machine';
const ACCOUNT_PATH = '/computeMetadata/v1/instance/service-accounts/default';

/**
 * The metadata server of a container on Cloud Run, and the one call of the IAM Credentials API that its account may make of
 * itself: signBlob. Identity tokens are signed by the account and not by Google.
 */
export async function startMetadataServer(projectId: string, account: Account): Promise<MetadataServer> {
  const server = await startHttpServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://metadata');
    const { pathname } = url;
    if (pathname.endsWith(':signBlob')) {
      const mine = pathname === `/v1/projects/-/serviceAccounts/${account.email}:signBlob`;
      if (!mine || request.headers.authorization !== `Bearer ${TOKEN}`) return sendJson(response, 403, {});
      const { payload } = JSON.parse((await bodyOf(request)).toString('utf8')) as { payload: string };
      const signedBlob = account.sign(Buffer.from(payload, 'base64')).toString('base64');
      return sendJson(response, 200, { keyId: 'key', signedBlob });
    }
    const flavor = { 'metadata-flavor': 'Google' };
    if (request.headers['metadata-flavor'] !== 'Google') return void response.writeHead(403).end();
    const text = (value: string): void => void response.writeHead(200, flavor).end(value);
    switch (pathname) {
      case '/computeMetadata/v1/instance':
      case '/computeMetadata/v1/instance/':
        return text('');
      case '/computeMetadata/v1/project/project-id':
        return text(projectId);
      case '/computeMetadata/v1/universe/universe-domain':
        return text('googleapis.com');
      case `${ACCOUNT_PATH}/email`:
        return text(account.email);
      case `${ACCOUNT_PATH}/token`:
        return void response
          .writeHead(200, { ...flavor, 'content-type': 'application/json' })
          .end(JSON.stringify({ access_token: TOKEN, expires_in: 3_600, token_type: 'Bearer' }));
      case `${ACCOUNT_PATH}/identity`:
        return text(identityToken(account, url.searchParams.get('audience') ?? ''));
      default:
        return void response.writeHead(404, flavor).end();
    }
  });
  return { ...server, host: server.url.replace('http://', '') };
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An ID token as the metadata server gives it to the account. */
export function identityToken(account: Account, audience: string, nowMs = Date.now()): string {
  const iat = Math.floor(nowMs / 1_000);
  const claims = {
    aud: audience,
    email: account.email,
    email_verified: true,
    iss: 'https://accounts.google.com',
    iat,
    exp: iat + 3_600,
  };
  const text = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${text}.${account.sign(Buffer.from(text)).toString('base64url')}`;
}
