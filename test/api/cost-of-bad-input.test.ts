import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { removeFolders } from '../local/folder.ts';
import { KEY, serveApi, type TestApi } from './serve-api.ts';

/** What any of them may cost: times the processor time of a submission that is accepted, in the same run. */
const MOST = 20;
const ROUNDS = 5;
const MIB = 1024 * 1024;

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const withInput = (input: string): string => `{"model":"form","input":${input}}`;
const filled = (item: (n: number) => string, open: string, close: string, bytes: number): string => {
  const items: string[] = [];
  for (let size = 0, n = 0; size < bytes; n += 1) {
    const next = item(n);
    items.push(next);
    size += next.length + 1;
  }
  return `${open}${items.join(',')}${close}`;
};
/** Just below what is read at all. */
const LARGEST = 510 * 1024;
const million = filled((n) => `"k${n}":0`, '{', '}', 11 * MIB);

const GOOD = withInput('{"text":"hello","count":1}');
/** Case 39 of the faults and attacks, each as large as its kind can be; `status` is what it must be answered with. */
const ATTACKS: Readonly<Record<string, { readonly body: string; readonly status: number }>> = {
  'depth 5 000': { body: withInput('['.repeat(5_000) + ']'.repeat(5_000)), status: 400 },
  'as deep as fits': { body: withInput('['.repeat(LARGEST / 2) + ']'.repeat(LARGEST / 2)), status: 400 },
  'deep objects': { body: withInput('{"a":'.repeat(80_000) + '1' + '}'.repeat(80_000)), status: 400 },
  '1 000 000 keys': { body: withInput(million), status: 413 },
  'as many keys as fit': { body: withInput(filled((n) => `"k${n}":0`, '{', '}', LARGEST)), status: 400 },
  'as many keys as are taken': { body: withInput(filled((n) => `"k${n}":0`, '{', '}', 60_000)), status: 422 },
  'many keys of one hash bucket': { body: withInput(filled((n) => `"${n}":0`, '{', '}', LARGEST)), status: 400 },
  ['__proto__']: { body: withInput('{"__proto__":{"text":"x"}}'), status: 400 },
  'duplicate keys': { body: withInput(filled(() => '"text":"x"', '{', '}', LARGEST)), status: 400 },
  '1e999': { body: withInput('{"text":"hello","count":1e999}'), status: 400 },
  'a number of half a million digits': { body: withInput(`{"count":${'9'.repeat(LARGEST)}}`), status: 400 },
  'a lone surrogate': { body: withInput('{"text":"\\ud800","count":1}'), status: 400 },
  '2^53+1': { body: withInput('{"text":"hello","count":9007199254740993}'), status: 400 },
  'a text of backslashes': { body: withInput(`{"text":"${'\\\\'.repeat(LARGEST / 2)}","count":1}`), status: 422 },
  'an unclosed string': { body: `{"model":"${'a'.repeat(LARGEST)}`, status: 400 },
  'spaces around what is good': { body: `${' '.repeat(LARGEST - 100)}${GOOD}`, status: 201 },
  'spaces between all there is': {
    body: withInput(filled((n) => `${' '.repeat(60)}"${n}":0`, '{', '}', LARGEST)),
    status: 422,
  },
  'nothing but spaces': { body: ' '.repeat(LARGEST), status: 400 },
  '32 MiB': { body: withInput(`{"text":"${'a'.repeat(32 * MIB)}"}`), status: 413 },
};

/** Sends all of it on a connection of its own, for as long as it is taken. @returns the status of the answer */
function status(message: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1', () => socket.write(message));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (answer += chunk));
    // A body that is not wanted is cut off; what was answered before says why.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const told = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
      if (told === undefined) reject(new Error(`no answer, but ${JSON.stringify(answer.slice(0, 100))}`));
      else resolve(Number(told));
    });
  });
}

const message = (body: string): Buffer =>
  Buffer.from(
    [
      'POST /v1/jobs HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: Bearer ${KEY}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );

/** Processor time of client and server together, in microseconds. */
async function costOf(sent: Buffer, wanted: number): Promise<number> {
  const before = process.cpuUsage();
  expect(await status(sent)).toBe(wanted);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

test.each(Object.entries(ATTACKS))(
  'a body with %s costs no more than twenty submissions',
  async (_, { body, status: wanted }) => {
    const [good, bad] = [message(GOOD), message(body)];
    const costs = { good: [] as number[], bad: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      costs.good.push(await costOf(good, 201));
      costs.bad.push(await costOf(bad, wanted));
    }
    const ratio = median(costs.bad) / median(costs.good);
    if (ratio > MOST / 2) console.log(`${ratio.toFixed(1)} times a submission`);
    expect(ratio).toBeLessThanOrEqual(MOST);
  },
  60_000,
);

test('none of them leaves anything in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const all = Object.values(ATTACKS).map(({ body, status: wanted }) => [message(body), wanted] as const);
  const held = async (): Promise<number> => {
    for (const [sent, wanted] of all) await costOf(sent, wanted);
    let least = Infinity;
    for (let look = 0; look < 5; look += 1) {
      // Connections let go of what they hold in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      const { heapUsed, external } = process.memoryUsage();
      least = Math.min(least, heapUsed + external);
    }
    return least;
  };
  await held();
  const before = await held();
  for (let round = 0; round < 2; round += 1) await held();
  // One body that were kept of each round would be more.
  expect((await held()) - before).toBeLessThan(2 * LARGEST);
}, 120_000);
