import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Model, Pool, type Catalogue, type CatalogueEntry } from '../../domain/contract/model.ts';
import type { Messages } from '../../domain/messages.ts';
import { create, refs, type Clock, type Store } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { api } from '../../functions/api/api.ts';
import { apiGuard } from '../../functions/api/guard.ts';
import type { Deps } from '../../functions/deps.ts';
import { serveFunction } from '../../functions/serve.ts';
import { systemClock } from '../../host/clock.ts';
import { createHttp } from '../../host/http.ts';
import { systemRandom } from '../../host/random.ts';
import { startBlobs } from '../../local/blobs.ts';
import { fileSecrets } from '../../local/secrets.ts';
import { openStore } from '../../local/sqlite.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { newFolder } from '../local/folder.ts';

export const KEY = 'slw_test-key';
export const OTHER_KEY = 'slw_other-key';

const text = {
  type: 'object',
  additionalProperties: false,
  required: ['text'],
  properties: { text: { type: 'string' } },
};

function entry(model: Record<string, unknown>, missing: CatalogueEntry['missing'] = []): [string, CatalogueEntry] {
  const parsed = Model.parse({
    title: 'A model',
    description: 'For tests.',
    pool: 'pool',
    runner: { kind: 'command', program: 'node' },
    input: text,
    output: text,
    ...model,
  });
  return [parsed.name, { model: parsed, missing }];
}

const form = {
  type: 'object',
  additionalProperties: false,
  required: ['text', 'count'],
  properties: {
    text: { type: 'string', minLength: 2 },
    count: { type: 'integer', minimum: 1 },
    kind: { enum: ['a', 'b'] },
    page: { type: 'object', required: ['url'], properties: { url: { type: 'string', format: 'uri' } } },
  },
};

export const CATALOGUE: Catalogue = {
  models: new Map([
    entry({ name: 'slide-text', limits: { runTimeoutSeconds: 60 } }),
    entry({ name: 'form', input: form }),
    entry({ name: 'folder' }, [{ program: 'foldit', install: 'apt-get install foldit' }]),
  ]),
  queues: new Map([
    [
      'pool@local',
      {
        name: 'pool@local',
        pool: Pool.parse({ name: 'pool' }),
        region: 'local',
        models: ['slide-text', 'form', 'folder'],
        expectedBootMs: 1_000,
        expectedRunMs: 1_000,
      },
    ],
  ]),
};

export interface TestApi {
  readonly url: string;
  readonly deps: Deps;
  readonly store: Store;
  readonly log: CapturedLog;
  readonly published: Messages['nudges'][];
  /** A request with the tenant's key; `body` is sent as it is when it is text, else as JSON. */
  send(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Response>;
  /** Writes bytes on a connection of its own and gives what comes back until the other side closes, or `until` is in it. */
  raw(bytes: string, until?: string): Promise<string>;
  stop(): Promise<void>;
}

const unused = (name: string): never =>
  new Proxy(
    {},
    {
      get: () => {
        throw new Error(`the api has no business with ${name}`);
      },
    },
  ) as never;

/** The real api function, served as in production, on the embedded store; `clock` is the store's as well. */
export async function serveApi(
  change: (deps: Deps) => Partial<Deps> = () => ({}),
  clock: Clock = systemClock,
): Promise<TestApi> {
  const folder = newFolder();
  const log = capturedLog();
  const base = { clock, random: systemRandom, log };
  const store = openStore(join(folder, 'slipway.db'), base);
  const blobs = await startBlobs({ ...base, folder: join(folder, 'blobs'), key: 'k' });
  const published: Messages['nudges'][] = [];
  const standard: Deps = {
    ...base,
    store,
    blobs,
    bus: { publish: async (_, message) => void published.push(message as Messages['nudges']) },
    secrets: fileSecrets(join(folder, 'secrets'), systemRandom),
    tokens: { make: async () => null },
    idTokens: { verify: async () => null },
    http: createHttp({ allowLoopback: false }),
    calls: unused('calls'),
    launcher: unused('launcher'),
    metrics: unused('metrics'),
    catalogue: CATALOGUE,
    settings: DEFAULT_SETTINGS,
    topicPrefix: '',
  };
  const deps = { ...standard, ...change(standard) };
  for (const [key, tenant] of [
    [KEY, 'acme'],
    [OTHER_KEY, 'other'],
  ] as const) {
    const hash = createHash('sha256').update(key).digest('hex');
    await store.commit([create(refs.key(hash), { schema: 1, tenant, createdAtMs: 0 })]);
  }
  const served = await serveFunction('api', api(deps), apiGuard(deps), {
    host: '127.0.0.1',
    port: 0,
    log,
  });
  return {
    url: served.url,
    deps,
    store,
    log,
    published,
    send: (method, path, { body, headers = {} } = {}) =>
      fetch(`${served.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${KEY}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    raw: (bytes, until) => exchange(served.url, bytes, until),
    stop: async () => {
      await served.close();
      await blobs.stop();
      store.close();
    },
  };
}

export function exchange(url: string, bytes: string, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (until !== undefined && answer.includes(until)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
