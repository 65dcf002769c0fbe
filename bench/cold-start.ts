import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../scripts/build/bundle.ts';
import { DEPLOYABLES } from '../scripts/build/deployables.ts';
import { formsOf } from './built-starts.ts';
import { startGoogleStubs } from './google-stubs.ts';
import { startFlags } from './start-flags.ts';
import { measureStarts, type Start } from './starts.ts';

/**
 * From the start of a process to its first answer: the api in its forms, against the hello world of functions-framework under
 * its own command. The first answer is a refusal, for which nothing is asked of anybody; the first use is a job, accepted.
 */
const { rounds, each } = startFlags(15);
const MODELS = join(ROOT, 'test/build/models');
const PROGRAMS = join(import.meta.dirname, 'programs');
const FRAMEWORK = join(ROOT, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
const JOB = JSON.stringify({ model: 'write-file', input: { text: 'abc' } });
const [api] = DEPLOYABLES;
if (api?.name !== 'api') throw new Error('the first function is not the api');

const stubs = await startGoogleStubs();
const forms = await formsOf(api, MODELS, each);

interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly status: number;
  readonly body?: string;
}
const GET: Ask = { method: 'GET', path: '/', status: 200 };
const REFUSED: Ask = { method: 'GET', path: '/', status: 404 };
const SUBMIT: Ask = { method: 'POST', path: '/v1/jobs', status: 201, body: JOB };

const ENV = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/tmp',
  K_SERVICE: 'bench',
  GOOGLE_CLOUD_PROJECT: 'bench',
  SLIPWAY_LISTEN: '127.0.0.1',
  SLIPWAY_NAME: 'slipway',
  SLIPWAY_DATABASE: '(default)',
  SLIPWAY_BUCKET: 'bench',
  SLIPWAY_REGIONS: 'here',
  SLIPWAY_OWN_HOSTS: 'api.example.com',
  ...stubs.env,
};
const started = (label: string, args: readonly string[], ask: Ask): Start => ({
  label,
  begin: async () => {
    const port = String(await freePort());
    return { command: { args, env: { ...ENV, PORT: port } }, moment: (gone) => answered(port, ask, gone) };
  },
});
const framework = (label: string, folder: string, target: string, ask: Ask): Start =>
  started(label, [FRAMEWORK, `--target=${target}`, `--source=${join(PROGRAMS, folder)}`], ask);
const form = (label: string, folder: string, ask: Ask): Start => started(label, [join(folder, 'main.mjs')], ask);

const formsWith = (ask: Ask): Start[] => [
  form('api, sources', forms.source, ask),
  form('api, plain bundle', forms.plain, ask),
  form('api, built', forms.built, ask),
  form('api, built and warmed', forms.warm, ask),
  ...[...forms.without].map(([measure, folder]) => form(`  without ${measure}`, folder, ask)),
];

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
    { heading: 'First answer that uses no client (404)', starts: formsWith(REFUSED) },
    { heading: 'First job accepted: Firestore and Pub/Sub', starts: formsWith(SUBMIT) },
    {
      heading: 'Four clients loaded at the top',
      starts: [
        framework('first answer', 'four-clients', 'four', GET),
        framework('first use of all four', 'four-clients', 'four', { ...GET, path: '/use' }),
      ],
    },
  ];
  await measureStarts('x is against the first line.', sections, rounds);
  const published = sections[2]?.starts.length ?? 0;
  const expected = rounds * (published + 1);
  // A job is accepted though its nudge may have failed: then less was measured than is said.
  if (stubs.calls['publish'] !== expected) {
    throw new Error(`${stubs.calls['publish']} messages were published, and not ${expected}`);
  }
} finally {
  forms.remove();
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
async function answered(at: string, { method, path, status, body }: Ask, gone: AbortSignal): Promise<void> {
  const headers = {
    authorization: 'Bearer slw_a-key-of-the-bench',
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
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
