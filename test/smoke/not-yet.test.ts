import { describe, expect, test } from '@jest/globals';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SlipwayError, type SlipwayClient } from '../../client/index.ts';
import { checksTo, good } from '../../scripts/smoke/checks.ts';
import { NotYet, SmokeFailure } from '../../scripts/smoke/failure.ts';
import { inboxAt, type Inbox } from '../../scripts/smoke/inbox.ts';
import { cancellation, followed } from '../../scripts/smoke/job.ts';
import type { JobResource } from '../../domain/contract/http.ts';
import type { SmokeClock } from '../../scripts/smoke/patience.ts';
import { healthy } from '../../scripts/smoke/ready.ts';
import { createReceiver } from '../../scripts/smoke/receiver.ts';
import { arrived } from '../../scripts/smoke/webhooks.ts';

const never = new AbortController().signal;

/** Goes on by what is waited for, and by nothing else. */
function waitedClock(): SmokeClock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    after: (ms, fn) => {
      const timer = setImmediate(() => {
        nowMs += ms;
        fn();
      });
      return () => clearImmediate(timer);
    },
  };
}

/** How a check of a deployment goes on which is looked at so often. @returns its line and how often it was made */
async function checked(withinMs: number, work: () => Promise<unknown>, signal = never) {
  const lines: string[] = [];
  let looks = 0;
  const checks = checksTo((line) => lines.push(line), 1_000, { signal, clock: waitedClock() });
  await checks.check('health', withinMs, async () => {
    looks += 1;
    return good('well', await work());
  });
  return { line: lines.join('\n'), looks };
}

/** Fails with these, one after the other, and then no more. */
const failing = (errors: readonly Error[]) => {
  const left = [...errors];
  return async (): Promise<void> => {
    const error = left.shift();
    if (error !== undefined) throw error;
  };
};

describe('a check of what was just deployed', () => {
  test.each([
    ['what is said to be only for now', new NotYet('soon')],
    ['no answer', new SlipwayError(null, 'unreachable', 'http://x cannot be reached: ECONNRESET.')],
    ['a page of Cloud Run', new SlipwayError(404, 'unexpected_answer', 'http://x answers HTTP 404.')],
    ['an address that is not open yet', new SlipwayError(403, 'unexpected_answer', 'http://x answers HTTP 403.')],
    ['a key that Cloud Run takes for its own', new SlipwayError(401, 'unexpected_answer', 'HTTP 401.')],
    ['rights that are not known yet', new SlipwayError(500, 'internal', 'The fault is ours.')],
    ['too much', new SlipwayError(429, 'unavailable', 'not now')],
  ])('bears %s until it is over, or the time', async (_, error) => {
    const borne = await checked(2_000, failing([error, error]));
    expect(borne).toMatchObject({ looks: 3, line: expect.stringMatching(/^ok {4}health/) });
    const late = await checked(2_000, failing([error, error, error]));
    expect(late).toMatchObject({ looks: 3, line: expect.stringContaining(error.message) });
  });

  test.each([
    ['what is wrong', new SmokeFailure('wrong')],
    ['a key that is not good', new SlipwayError(401, 'unauthenticated', 'This API key is not known.')],
    [
      'an answer of another kind',
      new SlipwayError(200, 'unexpected_answer', 'http://x answers HTTP 200, with no events.'),
    ],
    ['an address where nobody is', new SlipwayError(null, 'unreachable', 'http://x cannot be reached: ECONNREFUSED.')],
    ['a name that nobody has', new SlipwayError(null, 'unreachable', 'http://x cannot be reached: ENOTFOUND.')],
    ['what nobody has thought of', new TypeError('x is not a function')],
  ])('fails at once for %s', async (_, error) => {
    expect(await checked(60_000, failing([error]))).toMatchObject({
      looks: 1,
      line: expect.stringMatching(/^FAIL {2}health/),
    });
  });

  test('says once what it waits for, and how long at the most, where that is more than ten seconds', async () => {
    const { line } = await checked(60_000, failing(Array.from({ length: 20 }, () => new NotYet('Soon.'))));
    expect(line.split('\n').map((one) => one.replace(/ +[\d.]+ s  /, ' '))).toEqual([
      '...   health Soon. This is waited for, up to 60 s.',
      'ok    health well',
    ]);
  });

  test('ends when it is interrupted', async () => {
    const ended = new AbortController();
    const work = async (): Promise<void> => {
      ended.abort(new SmokeFailure('Interrupted.'));
      throw new NotYet('soon');
    };
    await expect(checked(60_000, work, ended.signal)).rejects.toThrow('Interrupted.');
  });
});

describe('a job that is not seen to end', () => {
  const client = (more: Partial<SlipwayClient>): SlipwayClient =>
    ({
      // It is as if the job were never heard of.
      followJob: async function* () {
        throw new SlipwayError(403, 'unexpected_answer', 'http://x answers HTTP 403.');
      },
      explainJob: async () => ({ sentences: ['It waits for a worker.'] }),
      cancelJob: async () => ({ outcome: 'requested' }),
      ...more,
    }) as unknown as SlipwayClient;
  const refused = async (): Promise<never> => {
    throw new SlipwayError(409, 'job_already_ended', 'Job x has succeeded.');
  };
  const followedWith = async (more: Partial<SlipwayClient>): Promise<[string, readonly string[]]> => {
    const told: string[] = [];
    const patience = { withinMs: 100, signal: never, clock: waitedClock() };
    const job = { id: 'x', model: 'm' } as JobResource;
    const following = followed(client(more), job, patience, (text) => told.push(text));
    const failure = await following.then(
      () => 'it went well',
      ({ message }: Error) => message,
    );
    return [failure, told];
  };
  const late =
    'job x was not seen to end within 0.1 s (--timeout). ' +
    'Following it failed at last with: 403 unexpected_answer: http://x answers HTTP 403.';

  test('says what was in the way, where its time went, and what becomes of it', async () => {
    const [failure, told] = await followedWith({});
    expect(failure).toBe(`${late} It waits for a worker. Its worker is asked to stop now.`);
    expect(told).toEqual(['job x is not heard of yet. It has up to 0.1 s.']);
  });

  test('is canceled though nobody can say where its time went', async () => {
    const [failure] = await followedWith({ explainJob: refused });
    expect(failure).toBe(`${late} Its worker is asked to stop now.`);
  });

  test('is not said to be canceled where it was not', async () => {
    const [failure] = await followedWith({ cancelJob: refused });
    expect(failure).toBe(
      `${late} It waits for a worker. It was not canceled: 409 job_already_ended: Job x has succeeded.`,
    );
  });
});

describe('a receiver', () => {
  const page: RequestListener = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  const status =
    (code: number): RequestListener =>
    (_, response) =>
      response.writeHead(code).end('Rate exceeded.');
  const reset: RequestListener = (request) => request.socket.destroy();
  const silent: RequestListener = () => undefined;
  const ODD = { '429': status(429), '500': status(500), '503': status(503), reset, page, silent };

  /** One that does these with the first requests. */
  async function odd(
    first: readonly RequestListener[],
    use: (inbox: Inbox, post: () => Promise<number>) => Promise<void>,
  ): Promise<void> {
    const left = [...first];
    const real = createReceiver();
    const server = createServer((request, response) => {
      const other = left.shift();
      if (other === undefined) real.emit('request', request, response);
      else other(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const inbox = inboxAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { callMs: 200 });
      await use(inbox, async () => (await fetch(inbox.url, { method: 'POST', body: 'x' })).status);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  test.each(Object.entries(ODD))('that answers oddly at first is proven once it does not: %s', (_, other) =>
    // The first is the POST, the second the GET.
    odd([other, other, other], async (inbox) => {
      expect(await checked(60_000, () => inbox.prove(never))).toMatchObject({
        line: expect.stringMatching(/^ok {4}health/),
      });
    }),
  );

  test('that goes on to answer oddly is said to, when the time is up', () =>
    odd(Array<RequestListener>(20).fill(status(503)), async (inbox) => {
      const { line, looks } = await checked(3_000, () => inbox.prove(never));
      expect(line).toMatch(/^FAIL .* is no receiver, or not yet: it answers HTTP 503, and no list\.$/);
      expect(looks).toBe(4);
    }));

  test('that does not answer is waited for no longer than a call may take', () =>
    odd([silent], async (inbox) => {
      await expect(inbox.received(never)).rejects.toThrow(/^http:.* does not answer within 0\.2 s\.$/);
    }));

  test.each(Object.entries(ODD))('may answer oddly while webhooks are waited for: %s', (_, other) =>
    odd([other], async (inbox) => {
      const { line } = await checked(60_000, () => arrived(inbox, [], 'whsec_', never));
      expect(line).toMatch(/^ok {4}health/);
    }),
  );
});

describe('health', () => {
  const client = (answer: object): SlipwayClient => ({ getHealth: async () => answer }) as unknown as SlipwayClient;
  const degraded = {
    status: 'degraded',
    version: '1',
    checks: [
      { name: 'store', status: 'ok', latencyMs: 1 },
      { name: 'bus', status: 'down', latencyMs: null, detail: 'The last publish failed.' },
    ],
    sweep: { status: 'never' },
  };

  test('is told with what was built', async () => {
    const found = await healthy(client({ status: 'ok', version: '1', commit: 'abc' }), never);
    expect(found.said).toBe('version 1, commit abc');
  });

  test('that is still to come says what is down, and that rights may be late', async () => {
    const look = healthy(client(degraded), never);
    await expect(look).rejects.toThrow(
      'it is degraded, version 1. bus: The last publish failed. sweep: never. ' +
        'After a first apply its rights may take seven minutes, or longer.',
    );
    await expect(look).rejects.toBeInstanceOf(NotYet);
  });
});

test('a cancellation that is tried again is of the same job', async () => {
  const asked: unknown[] = [];
  const fail = failing([new SlipwayError(500, 'internal', 'The fault is ours.')]);
  const client = {
    createJob: async (...args: unknown[]) => {
      asked.push(args);
      await fail();
      return { id: 'j' };
    },
    cancelJob: async () => ({ state: 'canceled' }),
    async *followJob() {},
  } as unknown as SlipwayClient;
  const cancel = cancellation(client, { model: 'noop', input: {} }, never);
  expect(await checked(60_000, cancel)).toMatchObject({ looks: 2 });
  expect(asked[1]).toEqual(asked[0]);
});
