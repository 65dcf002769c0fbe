import { execFile } from 'node:child_process';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

/** Far below the minute, or the ten, that the clients by themselves would wait. */
const WITHIN_MS = 30_000;

/** Takes every connection and never says a word. */
const silent = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
});
const sockets = new Set<Socket>();
const outcomes = new Map<string, unknown>();

beforeAll(async () => {
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const env = { ...process.env };
  // These would take precedence.
  for (const name of ['FIRESTORE_EMULATOR_HOST', 'PUBSUB_EMULATOR_HOST']) delete env[name];
  const calls = join(import.meta.dirname, 'no-answer-calls.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [calls, address], { env, timeout: WITHIN_MS });
  for (const line of stdout.trim().split('\n')) {
    const { call, ...outcome } = JSON.parse(line) as { call: string };
    outcomes.set(call, outcome);
  }
}, WITHIN_MS + 5_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
});

test.each([
  ['a read of the store is unavailable', 'get', { error: 'UnavailableError' }],
  ['a query is unavailable', 'query', { error: 'UnavailableError' }],
  ['a commit is unclear', 'commit', { error: 'UnclearError' }],
  ['a secret is unavailable', 'secret', { error: 'UnavailableError' }],
  ['the size of a blob is unavailable', 'blob', { error: 'UnavailableError' }],
  ['the removal of a blob is unavailable', 'removal', { error: 'UnavailableError' }],
  ['a token whose account is not told is unavailable', 'token', { error: 'UnavailableError' }],
  ['a publish fails, which costs its caller no more than that', 'publish', { error: 'NoAnswerError' }],
  ['a launch is ambiguous', 'launch', { answer: { kind: 'ambiguous' } }],
])('of a service that does not answer, in the time that a call may take: %s', (_, call, outcome) => {
  expect(outcomes.get(call)).toMatchObject(outcome);
});
