import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MINUTE } from '../../domain/time.ts';
import { sendJson, startHttpServer } from '../../emulators/http-server.ts';
import { describeOnEmulators } from '../emulators/here.ts';
import { removeFolders } from '../local/folder.ts';
import { listeningStack, OTHER_KEY, type ListeningStack } from './listening.ts';

const EXAMPLE = join(import.meta.dirname, '../../docs/examples/follow-job.ts');

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Runs the example as its reader would, with this environment alone, to its end. */
function runExample(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const options = { env: { PATH: process.env['PATH'] ?? '', ...env }, timeout: 25_000 };
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [EXAMPLE, ...args], options, (_, stdout, stderr) => {
      if (child.exitCode === null) reject(new Error(`did not end by itself: ${stdout}${stderr}`));
      else resolve({ code: child.exitCode, lines: stdout.trimEnd().split('\n'), errors: stderr });
    });
  });
}

describeOnEmulators('docs/examples/follow-job.ts', ({ firestore }) => {
  let stack: ListeningStack;
  let env: Record<string, string>;
  beforeAll(async () => {
    stack = await listeningStack();
    env = {
      SLIPWAY_URL: stack.url,
      SLIPWAY_API_KEY: stack.apiKey,
      FIREBASE_AUTH_EMULATOR_HOST: new URL(stack.identity.url).host,
      FIRESTORE_EMULATOR_HOST: firestore,
    };
  });
  afterAll(async () => {
    await stack.stop();
    removeFolders();
  });

  test('submits a job, follows it to its end and prints its output', async () => {
    const input = { SLIPWAY_MODEL: 'noop', SLIPWAY_INPUT: '{"echo": "as it was sent"}' };
    const { code, lines, errors } = await runExample({ ...env, ...input });
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^following job [a-z0-9]{26}$/);
    const versions = lines.slice(1).flatMap((line) => /^(\d) (queued|running|succeeded)/.exec(line)?.[1] ?? []);
    expect(versions).toEqual([...versions].sort());
    expect(lines.slice(-2)).toEqual([expect.stringMatching(/^3 succeeded/), "{ echo: 'as it was sent' }"]);
  });

  test('follows a job that is there, and tells why it failed', async () => {
    const id = await stack.submit('scripted', { exit: 65 });
    const { code, lines } = await runExample(env, id);
    expect(code).toBe(1);
    expect(lines[0]).toBe(`following job ${id}`);
    expect(lines.at(-1)).toMatch(/^invalid_input: /);
  });

  test('signs in again before its token ends, and goes on listening', async () => {
    const go = join(stack.folder, 'go');
    const id = await stack.submit('scripted', { waitForFile: go });
    let tokens = 0;
    // The api, with tokens that soon want renewing; the job ends once one was renewed.
    const api = await startHttpServer(async (_, response) => {
      tokens += 1;
      if (tokens === 3) await writeFile(go, '');
      const expiresAt = new Date(Date.now() + 5 * MINUTE).toISOString();
      sendJson(response, 200, { ...(await stack.token(stack.apiKey)), expiresAt });
    });
    const { code, errors } = await runExample({ ...env, SLIPWAY_URL: api.url }, id).finally(() => api.stop());
    expect([code, errors]).toEqual([0, '']);
    expect(tokens).toBeGreaterThanOrEqual(3);
  });

  test('is refused another tenant’s job', async () => {
    const id = await stack.submit('noop', {});
    const { code, errors } = await runExample({ ...env, SLIPWAY_API_KEY: OTHER_KEY }, id);
    expect(code).toBe(1);
    expect(errors).toContain(`cannot listen (permission-denied): is ${id} a job of tenant other?`);
  });

  test.each([
    ['SLIPWAY_URL', 'set SLIPWAY_URL'],
    ['SLIPWAY_API_KEY', 'set SLIPWAY_API_KEY'],
    ['FIREBASE_AUTH_EMULATOR_HOST', 'set FIREBASE_API_KEY'],
  ])('without %s it says what to set', async (name, message) => {
    const others = Object.fromEntries(Object.entries(env).filter(([other]) => other !== name));
    const { code, errors } = await runExample(others, 'a'.repeat(26));
    expect(code).toBe(1);
    expect(errors).toContain(message);
  });

  test('passes on what the api says of a request that it refuses', async () => {
    const { code, errors } = await runExample({ ...env, SLIPWAY_MODEL: 'nop' });
    expect(code).toBe(1);
    expect(errors).toMatch(/\/v1\/jobs: 422 .*Did you mean "noop"\?/);
  });
});
