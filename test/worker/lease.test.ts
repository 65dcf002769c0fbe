import { expect, test } from '@jest/globals';
import type { RenewReply } from '../../domain/contract/door.ts';
import { DoorFailure, SessionRefusedError } from '../../gpu-job/door-errors.ts';
import { Lease } from '../../gpu-job/lease.ts';
import { capturedLog } from '../local/capture-log.ts';
import { manualClock } from '../local/manual-clock.ts';

const START = 1_000_000;

/** A lease of 15 s and 40 s whose renewals are answered by hand. */
function leaseOf() {
  const clock = manualClock(START);
  const asked: { atMs: number; answer: PromiseWithResolvers<RenewReply> }[] = [];
  const ends: { why: string; atMs: number }[] = [];
  const replies: RenewReply[] = [];
  const lease = new Lease({
    clock,
    log: capturedLog(),
    renew: () => {
      const answer = Promise.withResolvers<RenewReply>();
      asked.push({ atMs: clock.nowMs() - START, answer });
      return answer.promise;
    },
    renewEveryMs: 15_000,
    abandonAfterMs: 40_000,
    goodSinceMs: START,
    onReply: (reply) => replies.push(reply),
    onEnd: (why) => ends.push({ why, atMs: clock.nowMs() - START }),
  });
  lease.start();
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    lease,
    asked,
    ends,
    replies,
    timers: () => clock.timers(),
    to: (ms: number) => clock.set(START + ms),
    answer: async (index: number) => {
      asked[index]?.answer.resolve({ cancel: ['a'], drain: false });
      await settle();
    },
    fail: async (index: number, error: Error) => {
      asked[index]?.answer.reject(error);
      await settle();
    },
  };
}

test('is renewed on its own timer and hands on what the replies say', async () => {
  const { asked, to, answer, replies, ends } = leaseOf();
  to(15_000);
  await answer(0);
  to(30_000);
  await answer(1);
  expect(asked.map(({ atMs }) => atMs)).toEqual([15_000, 30_000]);
  expect(replies).toHaveLength(2);
  expect(ends).toEqual([]);
});

test('is abandoned 40 s after the START of the last good renewal, however late its answer came', async () => {
  const { to, answer, ends } = leaseOf();
  to(15_000);
  to(24_000);
  await answer(0);
  to(54_999);
  expect(ends).toEqual([]);
  to(55_000);
  expect(ends).toEqual([{ why: 'abandoned', atMs: 55_000 }]);
});

test('is abandoned 40 s after ready where no renewal is ever answered', () => {
  const { to, ends } = leaseOf();
  to(39_999);
  expect(ends).toEqual([]);
  to(40_000);
  expect(ends).toEqual([{ why: 'abandoned', atMs: 40_000 }]);
});

test('is tried again sooner after a failure, several times before it is given up', async () => {
  const { asked, to, fail, ends } = leaseOf();
  for (let index = 0; index < 5; index += 1) {
    to(15_000 + index * 3_000);
    await fail(index, new DoorFailure('no answer'));
  }
  expect(asked.map(({ atMs }) => atMs)).toEqual([15_000, 18_000, 21_000, 24_000, 27_000]);
  expect(ends).toEqual([]);
  to(40_000);
  expect(ends).toEqual([{ why: 'abandoned', atMs: 40_000 }]);
});

test('ends at once when it is refused', async () => {
  const { to, fail, ends, timers } = leaseOf();
  to(15_000);
  await fail(0, new SessionRefusedError('handed on'));
  expect(ends).toEqual([{ why: 'refused', atMs: 15_000 }]);
  expect(timers()).toEqual([]);
});

test('that is stopped waits for the renewal under way and leaves no timer', async () => {
  const { lease, to, answer, ends, timers } = leaseOf();
  to(15_000);
  let stopped = false;
  const stop = lease.stop().then(() => (stopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toBe(false);
  await answer(0);
  await stop;
  expect(timers()).toEqual([]);
  to(100_000);
  expect(ends).toEqual([]);
});
