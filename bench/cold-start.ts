import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { newAccount } from '../emulators/account.ts';
import { identityToken } from '../emulators/metadata-server.ts';
import { encodeMessage, EVENT_TYPES } from '../eventarc/events.ts';
import type { FunctionName } from '../eventarc/routes.ts';
import { newKey } from '../functions/api/keys/key-text.ts';
import { CONFIGS } from '../functions/start/config.ts';
import { systemRandom } from '../host/random.ts';
import { ROOT } from '../scripts/build/bundle.ts';
import { DEPLOYABLES, type Deployable } from '../scripts/build/deployables.ts';
import { formsOf, type Forms } from './built-starts.ts';
import { startGoogleStubs } from './google-stubs.ts';
import { startFlags } from './start-flags.ts';
import { measureStarts, type Start } from './starts.ts';

/**
 * From the start of a process to its first answer, against the hello world of functions-framework under its own command. For
 * the first two nothing is asked of anybody: dispatch takes a nudge for a queue that it does not have, through the framework, and
 * the api refuses an address, which takes no framework. The first use is a job, accepted.
 */
const { rounds, each } = startFlags(15);
const MODELS = join(ROOT, 'test/build/models');
const PROGRAMS = join(import.meta.dirname, 'programs');
const FRAMEWORK = join(ROOT, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
const API_KEY = newKey(systemRandom).text;
const CALLER = 'eventarc@bench.iam.gserviceaccount.com';
const JOB = JSON.stringify({ model: 'write-file', input: { text: 'abc' } });
const deployable = (name: string): Deployable => {
  const found = DEPLOYABLES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found;
};

const stubs = await startGoogleStubs();
const api = await formsOf(deployable('api'), MODELS, each);
const dispatch = await formsOf(deployable('dispatch'), MODELS, each);

interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const GET: Ask = { method: 'GET', path: '/', status: 200 };
const REFUSED: Ask = { method: 'GET', path: '/', status: 404 };
const NUDGE: Ask = {
  method: 'POST',
  path: '/',
  status: 204,
  body: JSON.stringify(encodeMessage({ queue: 'nobodys@here' }, '1', Date.now(), 'bench')),
  headers: {
    authorization: `Bearer ${identityToken(newAccount(CALLER), 'bench')}`,
    'ce-specversion': '1.0',
    'ce-type': EVENT_TYPES.message,
    'ce-source': '//pubsub/nudges',
    'ce-id': '1',
  },
};
const SUBMIT: Ask = { method: 'POST', path: '/v1/jobs', status: 201, body: JOB };

const CONTAINER = { PATH: process.env['PATH'] ?? '', HOME: '/tmp', K_SERVICE: 'bench' };
const VALUES = {
  GOOGLE_CLOUD_PROJECT: 'bench',
  SLIPWAY_LISTEN: '127.0.0.1',
  SLIPWAY_NAME: 'slipway',
  SLIPWAY_DATABASE: '(default)',
  SLIPWAY_BUCKET: 'bench',
  SLIPWAY_REGIONS: 'here',
  SLIPWAY_OWN_HOSTS: 'api.example.com',
  SLIPWAY_CALLERS: CALLER,
  ...stubs.env,
};
/** A function refuses variables that it does not read. */
const envOf = (name: FunctionName): Readonly<Record<string, string>> => ({
  ...CONTAINER,
  ...Object.fromEntries(Object.entries(VALUES).filter(([variable]) => variable in CONFIGS[name].shape)),
});
const started = (
  label: string,
  args: readonly string[],
  ask: Ask,
  env: Readonly<Record<string, string>> = { ...CONTAINER, ...VALUES },
): Start => ({
  label,
  begin: async () => {
    const port = String(await freePort());
    return { command: { args, env: { ...env, PORT: port } }, moment: (gone) => answered(port, ask, gone) };
  },
});
const framework = (label: string, folder: string, target: string, ask: Ask): Start =>
  started(label, [FRAMEWORK, `--target=${target}`, `--source=${join(PROGRAMS, folder)}`], ask);

const formsWith = (name: FunctionName, forms: Forms, ask: Ask): Start[] => {
  const form = (label: string, folder: string): Start => started(label, [join(folder, 'main.mjs')], ask, envOf(name));
  return [
    form(`${name}, sources`, forms.source),
    form(`${name}, plain bundle`, forms.plain),
    form(`${name}, built`, forms.built),
    form(`${name}, built, warmed`, forms.warm),
    ...[...forms.without].map(([measure, folder]) => form(`  without ${measure}`, folder)),
  ];
};

try {
  const sections = [
    {
      heading: 'First answer of a hello world',
      starts: [
        framework('functions-framework', 'hello', 'hello', GET),
        framework('the same, named .cjs', 'hello-cjs', 'hello', GET),
        started('bare node:http', [join(PROGRAMS, 'bare.cjs')], GET),
      ],
    },
    { heading: 'First answer that uses no client: 204', starts: formsWith('dispatch', dispatch, NUDGE) },
    { heading: 'First refusal: 404, without the framework', starts: formsWith('api', api, REFUSED) },
    { heading: 'First job accepted: Firestore and Pub/Sub', starts: formsWith('api', api, SUBMIT) },
    {
      heading: 'Four clients loaded at the top',
      starts: [
        framework('first answer', 'four-clients', 'four', GET),
        framework('first use of all four', 'four-clients', 'four', { ...GET, path: '/use' }),
      ],
    },
  ];
  await measureStarts('x is against the first line.', sections, rounds);
  const published = sections[3]?.starts.length ?? 0;
  const expected = rounds * (published + 1);
  // A job is accepted though its nudge may have failed: then less was measured than is said.
  if (stubs.calls['publish'] !== expected) {
    throw new Error(`${stubs.calls['publish']} messages were published, and not ${expected}`);
  }
} finally {
  api.remove();
  dispatch.remove();
  stubs.stop();
}

/** One that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks until somebody listens; then once. */
async function answered(
  at: string,
  { method, path, status, body, headers: more }: Ask,
  gone: AbortSignal,
): Promise<void> {
  const headers = {
    authorization: `Bearer ${API_KEY}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    ...more,
  };
  for (;;) {
    gone.throwIfAborted();
    const got = await new Promise<number | null>((resolve) => {
      request({ host: '127.0.0.1', port: at, method, path, headers, agent: false }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', () => resolve(null))
        .end(body);
    });
    if (got === status) return;
    if (got !== null) throw new Error(`${method} ${path} was answered ${got}`);
    await delay(1);
  }
}
