import { spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { refs } from '../../domain/ports.ts';
import { authenticator } from '../../functions/api/authenticate.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { describeOnEmulators, newProject } from '../emulators/here.ts';
import { capturedLog } from '../local/capture-log.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/first-key.ts');

interface Ran {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', reject).on('close', (exit) => resolve({ exit, out, err }));
  });
}

test.each([[['--tenant', 'ops']], [['--project', 'p', '--tenant', 'ops', '--datebase', 'x']]])(
  'npm run first-key says how it is used: %j',
  async (args) => {
    expect(await run(args)).toMatchObject({
      exit: 2,
      out: '',
      err: expect.stringContaining('first-key -- --project ID'),
    });
  },
);

test.each<[string, Record<string, string>]>([
  ['there are none', { HOME: '/nowhere', METADATA_SERVER_DETECTION: 'none' }],
  ['their file is not there', { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/key.json' }],
])('npm run first-key says in a sentence what to do about credentials where %s', async (_, env) => {
  expect(await run(['--project', 'p', '--tenant', 'ops'], env)).toEqual({
    exit: 1,
    out: '',
    err: expect.stringMatching(
      /^No key was made, since there are no credentials of Google's here: gcloud auth application-default login \(.+\)\n$/,
    ),
  });
});

describeOnEmulators("npm run first-key on Google's Firestore emulator", ({ firestore }) => {
  test('makes a tenant and a key that the api takes, once, and another where it is told to', async () => {
    const project = newProject();
    const base = { clock: systemClock, random: systemRandom, log: capturedLog() };
    const at = { callMs: 20_000, projectId: project, databaseId: '(default)', endpoints: { firestore } };
    const store = firestoreStore({ ...base, ...at });
    const make = (...more: readonly string[]): Promise<Ran> =>
      run(['--project', project, '--database', '(default)', '--tenant', 'ops', ...more], {
        FIRESTORE_EMULATOR_HOST: firestore,
      });
    try {
      const made = await make();
      expect(made).toMatchObject({ exit: 0, out: expect.stringMatching(/^slw_[a-z0-9]{12}_[a-z0-9]{33}\n$/) });
      expect((await store.get(refs.tenant('ops')))?.data).toMatchObject({ id: 'ops', title: 'ops', keyChanges: 1 });
      const secrets = { get: async () => 'pepper' };
      const deps = { ...base, store, secrets, idTokens: { verify: async () => null } };
      const request = { headers: { authorization: `Bearer ${made.out.trim()}` } } as IncomingMessage;
      expect(await authenticator(deps, { takesChosenKeys: false })(request)).toEqual({
        tenant: 'ops',
        scopes: ['submit', 'read', 'admin'],
        via: 'key',
      });

      const again = await make();
      expect(again).toMatchObject({
        exit: 1,
        out: '',
        err: expect.stringMatching(/has a key of scope admin already.*--another/),
      });
      expect(await make('--another')).toMatchObject({ exit: 0, out: expect.stringMatching(/^slw_/) });
      const third = await make('--another');
      expect(third).toMatchObject({ exit: 1, out: '', err: expect.stringMatching(/keys of the name operator/) });
    } finally {
      await store.close();
    }
  }, 120_000);
});
