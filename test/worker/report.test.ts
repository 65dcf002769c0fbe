import { expect, test } from '@jest/globals';
import type { ReportReply, ReportRequest } from '../../domain/contract/door.ts';
import { DoorFailure, DoorRejectedError } from '../../gpu-job/door-errors.ts';
import { hideNothing } from '../../gpu-job/hide.ts';
import { Reporter } from '../../gpu-job/report.ts';
import { setupLog } from '../../gpu-job/setup-log.ts';
import { capturedLog } from '../local/capture-log.ts';
import { manualClock } from '../local/manual-clock.ts';

const START = 1_000_000;

/** A reporter of one report a second; each is answered at once with the next of `answers`, or `{cancel: false}`. */
function reporterOf(
  answers: (ReportReply | Error)[] = [],
  bounds = { maxPendingLines: 100, maxPendingBytes: 1_000_000 },
  atStart: readonly string[] = [],
) {
  const clock = manualClock(START);
  const setup = setupLog(clock);
  for (const text of atStart) setup.add('stdout', text);
  const sent: (ReportRequest & { atMs: number })[] = [];
  const told: string[] = [];
  const reporter = new Reporter({
    job: 'a',
    attempt: 1,
    clock,
    log: capturedLog(),
    send: async (report) => {
      sent.push({ ...structuredClone(report), atMs: clock.nowMs() - START });
      const answer = answers.shift() ?? { cancel: false };
      if (answer instanceof Error) throw answer;
      return answer;
    },
    hide: hideNothing,
    everyMs: 1_000,
    quietEveryMs: 5_000,
    ...bounds,
    setup,
    onCancel: () => told.push('cancel'),
    onLost: () => told.push('lost'),
    onRefused: () => told.push('refused'),
  });
  const to = async (ms: number) => {
    clock.set(START + ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { reporter, sent, told, to, setup };
}

const texts = (report: ReportRequest | undefined) => report?.logs.map((line) => line.text);

test('sends at most one report a second, with the newest progress and the metrics that changed', async () => {
  const { reporter, sent, to } = reporterOf();
  for (let step = 1; step <= 30; step += 1) {
    await to(step * 100);
    reporter.progress(step / 100, `step ${step}`);
    if (step === 2) reporter.metric('loss', 0.5);
  }
  await to(4_000);
  const gaps = sent.slice(1).map((report, index) => report.atMs - (sent[index]?.atMs ?? 0));
  expect(sent.length).toBeGreaterThan(2);
  for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(1_000);
  expect(sent.at(-1)?.progress).toEqual({ fraction: 0.3, message: 'step 30' });
  expect(sent.map(({ metrics }) => metrics).filter((metrics) => Object.keys(metrics).length > 0)).toEqual([
    { loss: 0.5 },
  ]);
  expect(reporter.metrics).toEqual({ loss: 0.5 });
});

test.each([
  ['never goes back', [0.5, 0.2], 0.5],
  ['starts anew where the model does', [0.5, 0, 0.2], 0.2],
  ['stays within 0 and 1', [0.5, 3], 1],
  ['stays where only a message comes', [0.5, null], 0.5],
])('progress %s', async (_, fractions, shown) => {
  const { reporter, sent } = reporterOf();
  for (const fraction of fractions) reporter.progress(fraction, null);
  await reporter.flush();
  expect(sent.at(-1)?.progress?.fraction).toBe(shown);
});

test('sends a chunk that got no answer again under its number, unchanged, and later lines under the next', async () => {
  const { reporter, sent, to } = reporterOf([new DoorFailure('no answer')]);
  reporter.log('stdout', 'one');
  reporter.progress(0.5, null);
  await to(100);
  reporter.log('stderr', 'two');
  await to(1_200);
  await to(2_400);
  expect(sent.map((report) => [report.logSeq, texts(report)])).toEqual([
    [0, ['one']],
    [0, ['one']],
    [1, ['two']],
  ]);
  expect(sent[1]?.progress).toEqual({ fraction: 0.5, message: null });
});

test('drops the oldest lines past its bound, and says so among the lines', async () => {
  const { reporter, sent } = reporterOf([], { maxPendingLines: 3, maxPendingBytes: 1_000_000 });
  for (let line = 1; line <= 10; line += 1) reporter.log('stdout', `line ${line}`);
  await reporter.flush();
  expect(texts(sent[0])).toEqual([
    expect.stringContaining('7 earlier lines were dropped'),
    'line 8',
    'line 9',
    'line 10',
  ]);
});

test('keeps a chunk within 32 KiB and a line within the contract', async () => {
  const { reporter, sent } = reporterOf();
  for (let line = 0; line < 10; line += 1) reporter.log('stdout', 'é'.repeat(9_000));
  await reporter.flush();
  expect(sent.map(({ logSeq }) => logSeq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const report of sent) {
    expect(report.logs).toHaveLength(1);
    expect(report.logs[0]?.text).toHaveLength(8_192);
  }
});

test('asks in a quiet time whether the job is to be canceled', async () => {
  const { sent, told, to } = reporterOf([{ cancel: true }]);
  await to(4_999);
  expect(sent).toEqual([]);
  await to(5_000);
  expect(sent[0]).toMatchObject({ progress: null, metrics: {}, logs: [] });
  expect(told).toEqual(['cancel']);
});

test('says that the job is lost when the door does not know it as ours', async () => {
  const { reporter, told } = reporterOf([new DoorRejectedError('report', 404, 'not this worker')]);
  reporter.log('stdout', 'one');
  await reporter.flush();
  expect(told).toEqual(['lost']);
});

test('after the end sends nothing more', async () => {
  const { reporter, sent, to } = reporterOf();
  await reporter.flush();
  reporter.log('stdout', 'late');
  await to(60_000);
  expect(sent).toEqual([]);
});

test('tells what was said at the start beside its own lines, each chunk once and again where it got no answer', async () => {
  const many = Array.from({ length: 600 }, (_, i) => `load ${i}`);
  const { reporter, sent, to, setup } = reporterOf([new DoorFailure('no answer')], undefined, many);
  reporter.log('stdout', 'run');
  await to(100);
  await to(1_100);
  await to(2_200);
  await reporter.flush();
  const told = sent.flatMap((report) => (report.setup === undefined ? [] : [report.setup]));
  expect(told.map(({ seq, lines }) => [seq, lines.length])).toEqual([[0, 500], [0, 500], [1, 100]]);
  expect(told[1]).toEqual(told[0]);
  expect(told.slice(1).flatMap(({ lines }) => lines.map(({ text }) => text))).toEqual(many);
  expect(sent.flatMap((report) => texts(report))).toEqual(['run', 'run']);
  expect([setup.isEmpty, reporter.hasSetup]).toEqual([true, true]);
}); // prettier-ignore

test('leaves what it could not tell of the start to the next job', async () => {
  const { reporter, sent, to, setup } = reporterOf([new DoorFailure('no answer')], undefined, ['loaded']);
  await to(100);
  expect(sent).toHaveLength(1);
  reporter.close();
  expect(setup.cut().map(({ text }) => text)).toEqual(['loaded']);
});

test('of the start keeps the last 64 KiB, and says what is missing', () => {
  const log = setupLog(manualClock(START));
  for (let i = 0; i < 5_000; i += 1) log.add('stderr', `line ${i} ${'x'.repeat(100)}`);
  const kept: string[] = [];
  while (!log.isEmpty) kept.push(...log.cut().map(({ text }) => text));
  const [mark = '', first = ''] = kept;
  const from = Number(/^line (\d+) /.exec(first)?.[1]);
  expect(mark).toBe(`[slipway: ${from} earlier lines were dropped; the last 64 KiB are kept]`);
  expect(kept.slice(1).map((text) => Number(text.split(' ')[1]))).toEqual(
    Array.from({ length: 5_000 - from }, (_, i) => from + i),
  );
  const bytes = Buffer.byteLength(kept.join(''));
  expect(bytes).toBeGreaterThan(40_000);
  expect(bytes).toBeLessThanOrEqual(64 * 1024);
});

test('knows the chunk that was sent and got no answer, and none once it got one', async () => {
  const { reporter, to } = reporterOf([{ cancel: false }, new DoorFailure('no answer')]);
  reporter.log('stdout', 'one');
  await to(100);
  expect(reporter.unanswered).toBeUndefined();
  reporter.log('stdout', 'two');
  await to(1_200);
  expect(reporter.unanswered).toBe(1);
  await to(2_400);
  expect(reporter.unanswered).toBeUndefined();
});

test('takes a chunk that was refused for one that got its answer', async () => {
  const { reporter } = reporterOf([new DoorRejectedError('report', 404, 'not this worker')]);
  reporter.log('stdout', 'one');
  await reporter.flush();
  expect(reporter.unanswered).toBeUndefined();
});
