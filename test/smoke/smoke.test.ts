import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CHECKS } from '../../scripts/smoke/checks.ts';
import { inboxAt, inboxHere, type Inbox } from '../../scripts/smoke/inbox.ts';
import { createReceiver } from '../../scripts/smoke/receiver.ts';
import { SAMPLES } from '../../scripts/smoke/samples.ts';
import { notYetAtFirst, spoiled } from './proxy.ts';
import { NOOP, ran, TIMES } from './ran.ts';
import { MODELS, type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const TIMEOUT_MS = 90_000;
const STALE_MS = 1_500;

let stack: TestStack;
let other: TestStack;
beforeAll(async () => {
  [stack, other] = await Promise.all([
    testStack({ settings: UNHURRIED, modelFolders: [join(ROOT, 'gpu-job/models'), MODELS] }),
    testStack({
      // Whatever becomes of a job is found by sweep alone.
      plan: ({ via }) => (via === 'document' ? [] : [0]),
      settings: { ...UNHURRIED, staleMs: STALE_MS, sweepEveryMs: 1_000 },
    }),
  ]);
  // Health is kept for a while: nobody is to have asked before the first sweep.
  await stack.sweep();
}, TIMEOUT_MS);
afterAll(async () => {
  await Promise.all([stack.stop(), other.stop()]);
});

/** As the command is typed. */
async function command(args: readonly string[], env: Record<string, string> = {}) {
  const all = { PATH: process.env['PATH'] ?? '', SLIPWAY_API_KEY: stack.apiKey, ...env };
  const ran = await new Promise<{ exit: number; lines: readonly string[] }>((resolve) => {
    execFile(process.execPath, ['scripts/smoke.ts', ...args], { cwd: ROOT, env: all }, (error, out, err) =>
      resolve({ exit: error === null ? 0 : Number(error.code), lines: `${out}${err}`.trimEnd().split('\n') }),
    );
  });
  expect(ran.lines.filter((line) => line.length > 80)).toEqual([]);
  return ran;
}

/** A receiver that does otherwise with what is posted. */
async function receiverThat(
  body: (real: Server) => RequestListener,
  use: (inbox: Inbox) => Promise<void>,
): Promise<void> {
  const real = createReceiver();
  const server = createServer(body(real));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(inboxAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe('smoke of a whole stack', () => {
  test(
    'is good at everything, and sees the webhooks of the stack come to a receiver of its own',
    async () => {
      const { exit, lines } = await command(['--url', stack.url]);
      expect(lines.join('\n')).not.toContain('FAIL');
      const made = lines.flatMap((line) => /^ok {4}(\w+) /.exec(line)?.[1] ?? []);
      expect(made).toEqual(CHECKS);
      expect(lines.join('\n')).toMatch(/^ok {4}webhooks .* 4 came, all signed right/m);
      expect(lines.join('\n')).toMatch(/^ok {4}events .* come by their trigger: one was told within \d+ s$/m);
      expect(lines.at(-1)).toMatch(/^All 12 checks are good, in [\d.]+ s\.$/);
      expect(exit).toBe(0);
    },
    TIMEOUT_MS,
  );

  test.each(SAMPLES.map((sample) => [sample.model, sample] as const))(
    'knows the outcome of %s and of no other, though what is not there yet answers first',
    (_, sample) =>
      spoiled(stack.url, notYetAtFirst(), async (url) => {
        const times = { ...TIMES, healthMs: 60_000, answersMs: 60_000 };
        const good = await ran(stack, { url, sample, times });
        expect(good).toMatchObject({ isGood: true });
        expect(good.of('output')).toContain(sample.known);
        expect(sample.fault({ formula: 'CH4', company: null })).toMatch(/ instead of /);
      }),
    TIMEOUT_MS,
  );

  test(
    'goes by a receiver that is named, where the deployment is elsewhere',
    async () => {
      const here = await inboxHere();
      try {
        // Not loopback by its name, so that it has to be told of a receiver.
        const url = stack.url.replace('127.0.0.1', '0.0.0.0');
        const { exit, lines } = await command(['--url', url, '--receiver', new URL(here.url).origin]);
        expect({ exit, last: lines.at(-1) }).toEqual({
          exit: 0,
          last: expect.stringMatching(/^All 12 checks are good/),
        });
        const without = await command(['--url', url]);
        expect(without.exit).toBe(1);
        expect(without.lines.join(' ')).toMatch(/All 9 checks are good.*FAIL {2}webhooks were not tried: .*--receiver/);
        expect(await command(['--url', url, '--without-webhook'])).toMatchObject({ exit: 0 });
      } finally {
        await here.close();
      }
    },
    TIMEOUT_MS,
  );
});

describe('a broken deployment', () => {
  test('a key that is not good: nothing is submitted', async () => {
    const { isGood, of, last } = await ran(stack, { key: 'slw_0123456789abcdefghij' });
    expect(isGood).toBe(false);
    expect(of('models')).toMatch(/^FAIL {2}models .* 401 unauthenticated: /);
    expect(last).toMatch(
      /^2 of 2 checks failed, .*Not tried: submit, run, output, timeline, artifacts, replay, cancel\.$/,
    );
  });

  test(
    'nobody there',
    async () => {
      const { isGood, of } = await ran(stack, { url: 'http://127.0.0.1:1' });
      expect(isGood).toBe(false);
      expect(of('health')).toMatch(/^FAIL .* http:\/\/127\.0\.0\.1:1 cannot be reached/);
    },
    TIMEOUT_MS,
  );

  test('the model is not there: those that are, are named', async () => {
    const { isGood, of } = await ran(stack, { url: other.url, key: other.apiKey });
    expect(isGood).toBe(false);
    expect(of('models')).toMatch(/there is no ligand-properties or slide-fields\. It has: .*noop/);
  });

  test(
    'a receiver that is never told: each webhook that did not come is named',
    () =>
      receiverThat(
        (real) => (request, response) => {
          // Only the proof comes through.
          if (request.headers['webhook-id'] === undefined) real.emit('request', request, response);
          else response.writeHead(204).end();
        },
        async (inbox) => {
          const { isGood, of, last } = await ran(stack, {
            inbox,
            sample: NOOP,
            times: { ...TIMES, webhooksMs: 200 },
          });
          expect(isGood).toBe(false);
          expect(of('webhooks')).toMatch(
            /^FAIL .* 4 of 4 did not come: job\.queued \(version 1\), job\.started \(version 2\), job\.succeeded \(version 3\), job\.canceled \(version \d\)\. The log of deliver-webhook/,
          );
          expect(last).toMatch(/^1 of 11 checks failed, .* Not tried: events\.$/);
        },
      ),
    TIMEOUT_MS,
  );

  test(
    'events whose trigger delivers nothing: sweep carries them, and that is said',
    async () => {
      const inbox = await inboxHere();
      try {
        const times = { ...TIMES, healthMs: 60_000, eventsMs: 1_000, staleMs: STALE_MS };
        const { isGood, of, last } = await ran(other, {
          url: other.url,
          key: other.apiKey,
          sample: NOOP,
          inbox,
          times,
        });
        expect(isGood).toBe(false);
        expect(of('webhooks')).toMatch(/^ok .* 4 came, all signed right/);
        expect(of('events')).toMatch(
          /^FAIL .* nothing came within 1\.5 s of what it tells of, .*<prefix>-on-job-event-jobs-events \(gcloud/,
        );
        expect(last).toMatch(/^1 of 12 checks failed/);
      } finally {
        await inbox.close();
      }
    },
    TIMEOUT_MS,
  );

  test(
    'webhooks that are not signed right',
    () =>
      receiverThat(
        (real) => (request, response) => {
          request.headers['webhook-signature'] &&= 'v1,AAAA';
          real.emit('request', request, response);
        },
        async (inbox) => {
          const { of } = await ran(stack, { sample: NOOP, inbox });
          expect(of('webhooks')).toMatch(/^FAIL .* must not be believed: no signature/);
        },
      ),
    TIMEOUT_MS,
  );

  test(
    'what is named as a receiver is none: all is tried but webhooks',
    async () => {
      const { isGood, of, last } = await ran(stack, { inbox: inboxAt(stack.url), sample: NOOP });
      expect(isGood).toBe(false);
      expect(of('receiver')).toMatch(/^FAIL .* is no receiver, or not yet: it answers HTTP 40\d, and no list\.$/);
      expect(last).toMatch(/^1 of 10 checks failed, .* Not tried: webhooks, events\.$/);
    },
    TIMEOUT_MS,
  );

  test(
    'a job that does not end in time: it says where its time went, and the job is canceled',
    async () => {
      const { isGood, of } = await ran(stack, { times: { ...TIMES, jobMs: 100 } });
      expect(isGood).toBe(false);
      const line = of('run');
      expect(line).toMatch(
        /^FAIL .* was not seen to end within 0\.1 s \(--timeout\)\. .*\. (It is canceled|Its worker is asked to stop) now\.$/,
      );
      const [, id = ''] = /job (\w{26})/.exec(line) ?? [];
      expect((await stack.ended(id)).state).toBe('canceled');
    },
    TIMEOUT_MS,
  );

  test(
    'a job that does not end in time is no fault of webhooks: those of the other are judged',
    async () => {
      const inbox = await inboxHere();
      try {
        const { of, last } = await ran(stack, { inbox, times: { ...TIMES, jobMs: 100 } });
        expect(of('run')).toMatch(/^FAIL/);
        // Its own came there too, and the check did not miss them.
        const [, id = ''] = /job (\w{26})/.exec(of('run')) ?? [];
        const came = await inbox.received(new AbortController().signal);
        expect(came.some(({ base64 }) => atob(base64).includes(id))).toBe(true);
        expect(of('webhooks')).toMatch(/^ok .* 1 came, all signed right/);
        expect(last).toMatch(/^1 of \d checks failed/);
      } finally {
        await inbox.close();
      }
    },
    TIMEOUT_MS,
  );

  test(
    'an output that is not what is known of it',
    async () => {
      const [sample] = SAMPLES;
      if (sample === undefined) throw new Error('there is no sample');
      const { isGood, of, last } = await ran(stack, { sample: { ...sample, input: { smiles: 'CCO' } } });
      expect(isGood).toBe(false);
      expect(of('output')).toMatch(/^FAIL .* the formula of aspirin is "C2H6O" instead of "C9H8O4"\.$/);
      expect(last).toMatch(/^1 of 9 checks failed/);
    },
    TIMEOUT_MS,
  );
});

test('docs/deploy.md shows every check, and what smoke says of them', async () => {
  const doc = await readFile(join(ROOT, 'docs/deploy.md'), 'utf8');
  expect([...doc.matchAll(/^ok {4}(\w+) /gm)].map(([, name]) => name)).toEqual(CHECKS);
});

describe('a command line that cannot be meant', () => {
  test.each([
    [[], {}, /^--url is needed:/],
    [['--url', 'slipway.example'], {}, /^--url must be an http or https address/],
    [['--url', 'http://x', '--receiver', 'ftp://x'], {}, /^--receiver must be/],
    [['--url', 'http://x', '--model', 'boltz2'], {}, /^--model boltz2: known are ligand-properties/],
    [['--url', 'http://x', '--timeout', '5m'], {}, /^--timeout must be a whole number/],
    [['--url', 'http://x'], { SLIPWAY_API_KEY: '' }, /^SLIPWAY_API_KEY is not set/],
    [['--link', 'x'], {}, /^Unknown option '--link'/],
  ])('%j', async (args, env, message) => {
    const { exit, lines } = await command(args, env);
    expect(exit).toBe(2);
    expect(lines.join('\n')).toMatch(message);
  });

  test('--help says what there is', async () => {
    expect(await command(['--help'])).toMatchObject({
      exit: 0,
      lines: expect.arrayContaining([expect.stringMatching(/--receiver/)]),
    });
  });
});
