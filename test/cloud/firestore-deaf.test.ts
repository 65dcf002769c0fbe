import { expect, test } from '@jest/globals';
import type { DocumentReference } from '@google-cloud/firestore';
import { listen } from '../../cloud/firestore/watch.ts';
import { capturedLog } from '../local/capture-log.ts';
import { manualClock } from '../local/manual-clock.ts';

/** A listener in the hands of the test: what Firestore's own says, when the test says so. */
function listening(): {
  readonly hear: () => void;
  readonly fail: () => void;
  readonly pass: (ms: number) => void;
  readonly stop: () => void;
  readonly timers: () => number[];
  readonly log: ReturnType<typeof capturedLog>;
  readonly said: { changes: number; listeners: number };
  readonly ready: () => Promise<void>;
} {
  const [clock, log] = [manualClock(0), capturedLog()];
  const said = { changes: 0, listeners: 0 };
  let [hear, fail] = [(): void => undefined, (): void => undefined];
  const target = {
    onSnapshot: (onNext: () => void, onError: (error: Error) => void) => {
      said.listeners += 1;
      hear = onNext;
      fail = () => {
        said.listeners -= 1;
        onError(new Error('Stream ended unexpectedly'));
      };
      return () => (said.listeners -= 1);
    },
  };
  const stop = listen(
    { clock, log },
    async () => target as unknown as DocumentReference,
    () => (said.changes += 1),
  );
  return {
    hear: () => hear(),
    fail: () => fail(),
    pass: (ms) => clock.set(clock.nowMs() + ms),
    stop,
    timers: () => clock.timers(),
    log,
    said,
    ready: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

test('until Firestore has answered, whoever waits looks for himself every five seconds, and the log says so once', async () => {
  const { pass, hear, said, log, ready, timers } = listening();
  await ready();
  pass(4_999);
  expect(said.changes).toBe(0);
  pass(1);
  pass(5_000);
  pass(5_000);
  expect(said.changes).toBe(3);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'a listener is not answered; whoever waits for it looks for itself',
  ]);
  hear();
  expect(said.changes).toBe(4);
  expect(timers()).toEqual([]);
});

test('one that has ended by itself tells of a change, and is set up again after five seconds', async () => {
  const { hear, fail, pass, said, ready } = listening();
  await ready();
  hear();
  fail();
  expect(said).toEqual({ changes: 2, listeners: 0 });
  pass(5_000);
  await ready();
  expect(said.listeners).toBe(1);
  hear();
  expect(said.changes).toBe(3);
});

test.each(['before it is set up', 'while it is deaf', 'once it hears', 'when it has ended'])(
  'stopped %s, it leaves no listener, no timer and no change',
  async (when) => {
    const { hear, fail, pass, stop, said, ready, timers } = listening();
    if (when !== 'before it is set up') await ready();
    if (when === 'once it hears') hear();
    if (when === 'when it has ended') fail();
    const before = said.changes;
    stop();
    await ready();
    pass(60_000);
    expect(timers()).toEqual([]);
    expect(said).toEqual({ changes: before, listeners: 0 });
  },
);
