import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '../local/folder.ts';
import { PROJECT_NUMBER } from './fake-cloud.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  /** Whose quota it counts on. */
  readonly quota: string | undefined;
  readonly body: string;
}

export interface FakeGoogle {
  readonly asked: readonly Asked[];
  /** What sends a gcloud there, logged in as nobody, and set to another project and region. */
  readonly env: NodeJS.ProcessEnv;
  close(): void;
}

const BUILD = { id: 'b', projectId: 'my-project', status: 'SUCCESS', options: { logging: 'CLOUD_LOGGING_ONLY' } };

/** What Google's API answers, by the end of the path; undefined is a 404. */
function answerTo(method: string, path: string, body: string): object | undefined {
  if (path === '/token') return { access_token: 'x', expires_in: 3_600, token_type: 'Bearer' };
  if (path.endsWith('/my-project-slipway-dev-state'))
    return { name: 'x', projectNumber: PROJECT_NUMBER, versioning: { enabled: true } };
  if (path.endsWith('/my-project-slipway-dev-build')) return { name: 'x' };
  if (path.endsWith('/o')) {
    return { bucket: 'x', name: 'o', generation: '1', size: /"size": "(\d+)"/.exec(body)?.[1] };
  }
  if (path.endsWith('/builds')) {
    return method === 'POST' ? { name: 'operations/x', metadata: { '@type': 'x', build: BUILD } } : { builds: [BUILD] };
  }
  if (path.endsWith('/builds/b')) return BUILD;
  if (path.endsWith('/repositories/slipway-dev')) return { name: 'x', format: 'DOCKER' };
  return path.endsWith('/dockerImages') ? { dockerImages: [] } : undefined;
}

/** As much of Google's API as a gcloud needs that is sent here. */
export async function fakeGoogle(): Promise<FakeGoogle> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => parts.push(bytes));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const { pathname: path } = new URL(url, 'http://localhost');
      const body = Buffer.concat(parts).toString('latin1');
      asked.push({ method, path, quota: headers['x-goog-user-project'] as string | undefined, body });
      const answer = answerTo(method, path, body);
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { error: { code: 404, status: 'NOT_FOUND', message: 'It is not here.' } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = newFolder();
  const credentials = join(folder, 'credentials.json');
  const user = { type: 'authorized_user', client_id: 'x', client_secret: 'x', refresh_token: 'x' };
  writeFileSync(credentials, JSON.stringify(user));
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    CLOUDSDK_CONFIG: folder,
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_PROJECT: 'another-project',
    CLOUDSDK_BUILDS_REGION: 'europe-west4',
    CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: credentials,
    CLOUDSDK_AUTH_TOKEN_HOST: `${at}/token`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDBUILD: `${at}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${at}/storage/v1/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: `${at}/`,
  };
  return { asked, env, close: () => void server.close() };
}
