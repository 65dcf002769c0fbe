import { describe, expect, test } from '@jest/globals';
import { BlockedReason, ErrorKind, type Attempt, type Job, type JobEvent } from '../../domain/contract/job.ts';
import { explain } from '../../domain/explain.policy.ts';
import { inWords } from '../../domain/in-words.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../domain/time.ts';
import { makeJob, T0 } from './make-job.ts';

type Step = Partial<JobEvent> & Pick<JobEvent, 'to'> & { readonly at: number };

/** The events of a job that came into each state `at` seconds after its beginning. */
function story(steps: readonly Step[]): JobEvent[] {
  return steps.map(({ at, ...event }, i) => ({
    schema: 1,
    jobId: 'job1',
    tenant: 'default',
    seq: i + 1,
    from: steps[i - 1]?.to ?? null,
    attempt: 0,
    reason: null,
    error: null,
    open: false,
    atMs: T0 + at * SECOND,
    ...event,
  }));
}

const attempt = (over: Partial<Attempt> = {}): Attempt => ({
  attempt: 1, slot: 's', fence: 1, execution: 'e', cold: false, bootMs: null, loadMs: null, idleMs: 0,
  startedAtMs: T0, endedAtMs: null, outcome: null, error: null, ...over,
}); // prettier-ignore

/** What is said `now` seconds after the beginning. */
const told = (steps: readonly Step[], job: Partial<Job> = {}, now = 0): readonly string[] =>
  explain(
    makeJob({ startByMs: T0 + DAY, state: steps.at(-1)?.to ?? 'queued', ...job }),
    story(steps),
    T0 + now * SECOND,
  ).sentences;

const crash = (message = 'exit code 137') => ({ kind: 'crash', message }) as const;

describe('a duration in words', () => {
  test.each([
    [0, 'less than 1 s'],
    [999, 'less than 1 s'],
    [1_499, '1 s'],
    [59_600, '1 m'],
    [4 * MINUTE + 10 * SECOND, '4 m 10 s'],
    [HOUR + 5 * SECOND, '1 h'],
    [HOUR + MINUTE + SECOND, '1 h 1 m'],
    [DAY + HOUR, '1 d 1 h'],
    [100 * DAY, '100 d'],
  ])('%i ms: %s', (ms, words) => {
    expect(inWords(ms)).toBe(words);
  });
});

// features.md §3 #16 (hatchet-dev/hatchet#1280: "shows Running while no worker exists") and #12 (triggerdotdev/trigger.dev#2561:
// everything "stuck in dequeued").
describe('an explanation keeps apart (hatchet#1280)', () => {
  const waits: Step[] = [
    { at: 0, to: 'blocked', reason: 'dependency' },
    { at: 240, to: 'queued' },
    { at: 252, to: 'running', attempt: 1 },
    { at: 266, to: 'succeeded', attempt: 1 },
  ];

  test('waiting for jobs, waiting for a worker, its start, the load of the model, and running', () => {
    const boot = attempt({ cold: true, bootMs: 11_000, loadMs: 9_000 });
    expect(told(waits, { dependsOn: ['a', 'b'], attempts: [boot] })).toEqual([
      'Waited 4 m for 2 other jobs.',
      'Waited 12 s for a worker, 11 s of it while one started, 9 s of that while the model loaded.',
      'Attempt 1 ran 14 s and succeeded.',
      'Ended as succeeded after 1 attempt, 4 m 26 s from its beginning.',
    ]);
  });

  test.each<[string, Partial<Attempt>, string]>([
    ['a warm worker', {}, 'Waited 12 s for a worker, which was warm.'],
    ['a worker that started before the job came', { cold: true, bootMs: 60_000, loadMs: 20_000 }, 'Waited 12 s for a worker, 12 s of it while one started, 12 s of that while the model loaded.'],
    ['a worker that had started and waited by then', { cold: true, bootMs: 60_000, loadMs: 20_000, idleMs: 12_000 }, 'Waited 12 s for a worker.'],
    ['a model that loads in no time', { cold: true, bootMs: 5_000, loadMs: 20 }, 'Waited 12 s for a worker, 5 s of it while one started.'],
    ['an attempt whose entry is gone', { attempt: 7 }, 'Waited 12 s for a worker.'],
  ])('%s', (_, over, sentence) => {
    expect(told(waits, { attempts: [attempt(over)] })[1]).toBe(sentence);
  }); // prettier-ignore

  test('each state in the timeline too, with its own time, and none for the end', () => {
    const { timeline } = explain(makeJob({ state: 'succeeded' }), story(waits), T0 + HOUR);
    expect(timeline.map(({ state, reason, ms }) => [state, reason, ms])).toEqual([
      ['blocked', 'dependency', 240_000],
      ['queued', null, 12_000],
      ['running', null, 14_000],
      ['succeeded', null, null],
    ]);
  });
});

describe('a job that has not ended says what it waits for, and until when at the latest (trigger.dev#2561)', () => {
  const deadline = 'its start deadline is in';
  test.each<[string, Step, Partial<Job>, string]>([
    ['a worker', { at: 0, to: 'queued' }, {}, `Has waited 30 s for a worker; ${deadline} 23 h 59 m.`],
    ['another job', { at: 0, to: 'blocked', reason: 'dependency' }, { reason: 'dependency', dependsOn: ['a'], untilMs: T0 + MINUTE }, `Has waited 30 s for another job; ${deadline} 23 h 59 m.`],
    ['its next attempt', { at: 0, to: 'blocked', reason: 'backoff' }, { reason: 'backoff', untilMs: T0 + MINUTE }, `Has waited 30 s before its next attempt, due in 30 s; ${deadline} 23 h 59 m.`],
    ['its next attempt, which is overdue', { at: 0, to: 'blocked', reason: 'backoff' }, { reason: 'backoff', untilMs: T0 }, `Has waited 30 s before its next attempt, due now, within a minute; ${deadline} 23 h 59 m.`],
    ['the end of its run', { at: 0, to: 'running', attempt: 1 }, {}, 'Attempt 1 has run for 30 s of at most 1 m.'],
    ['the end of its run, with progress', { at: 0, to: 'running', attempt: 1 }, { progress: { fraction: 0.409, message: 'page 3', atMs: T0 } }, 'Attempt 1 has run for 30 s of at most 1 m; 40 % done: page 3.'],
    ['the end of its run, with a fraction that is not whole in binary', { at: 0, to: 'running', attempt: 1 }, { progress: { fraction: 0.29, message: null, atMs: T0 } }, 'Attempt 1 has run for 30 s of at most 1 m; 29 % done.'],
    ['the end of its run, with a message', { at: 0, to: 'running', attempt: 1 }, { progress: { fraction: null, message: 'page 3', atMs: T0 } }, 'Attempt 1 has run for 30 s of at most 1 m; page 3.'],
    ['its worker to stop', { at: 0, to: 'canceling', attempt: 1 }, {}, 'Was asked to stop 30 s ago.'],
  ])('%s', (_, step, job, sentence) => {
    expect(told([step], job, 30)).toEqual([sentence]);
  }); // prettier-ignore

  test('every reason to be blocked has words of its own', () => {
    const words = BlockedReason.options.map((reason) => told([{ at: 0, to: 'blocked', reason }], {}, 5)[0] ?? '');
    expect(new Set(words).size).toBe(BlockedReason.options.length);
    for (const sentence of words)
      expect(sentence).toMatch(/^Has waited 5 s (for|before) .+; its start deadline is in /);
  });

  test('a clock that is behind makes no time negative', () => {
    expect(told([{ at: 10, to: 'queued' }], {}, 0)[0]).toMatch(/^Has waited less than 1 s /);
  });
});

describe('an attempt that failed', () => {
  const ran = (to: JobEvent['to'], error: JobEvent['error'], reason: string | null = null): string | undefined =>
    told([
      { at: 0, to: 'running', attempt: 1 },
      { at: 3, to, attempt: 1, error, reason },
    ])[0];

  test.each<[string, string | undefined, string]>([
    ['tells how, and that it is tried again', ran('queued', crash()), 'Attempt 1 crashed after 3 s: exit code 137; tried again at once.'],
    ['with its last output', ran('queued', crash('The program ended with exit code 1. Its last output:\nloading\nno GPU.\n')), 'Attempt 1 crashed after 3 s: The program ended with exit code 1. Its last output: no GPU; tried again at once.'],
    ['or later', ran('blocked', crash(), 'backoff'), 'Attempt 1 crashed after 3 s: exit code 137; to be tried again later.'],
    ['or not at all', ran('failed', crash()), 'Attempt 1 crashed after 3 s: exit code 137.'],
    ['by no fault of its own does not count (skypilot#7117)', ran('queued', { kind: 'preempted', message: 'maintenance' }), 'Attempt 1 was stopped by the platform after 3 s: maintenance; tried again at once, and does not count.'],
    ['shows the first line of what was said, without its full stop', ran('failed', crash('Segmentation fault.\nat x')), 'Attempt 1 crashed after 3 s: Segmentation fault.'],
    ['shows no more of it than can be read', ran('failed', crash('x'.repeat(500))), `Attempt 1 crashed after 3 s: ${'x'.repeat(200)}….`],
    ['needs no message', ran('failed', crash('')), 'Attempt 1 crashed after 3 s.'],
    ['was stopped on request', ran('canceling', null), 'Attempt 1 ran 3 s until it was asked to stop.'],
  ])('%s', (_, sentence, expected) => {
    expect(sentence).toBe(expected);
  }); // prettier-ignore

  test('has words of its own for every kind of error', () => {
    const words = ErrorKind.options.map((kind) => ran('failed', { kind, message: '' }));
    expect(new Set(words).size).toBe(ErrorKind.options.length);
  });
});

describe('the end', () => {
  const end = (step: Step, job: Partial<Job> = {}, before: Step = { at: 0, to: 'queued' }): string | undefined =>
    told([before, step], job)[1];
  const runs: Step = { at: 0, to: 'running', attempt: 3 };

  test.each<[string, string | undefined, string]>([
    ['of a job whose attempts are used up', end({ at: 90, to: 'failed', attempt: 3, error: crash() }, { failures: 3 }, runs), 'Ended as failed after 3 attempts, 1 m 30 s from its beginning: no more than 3 may fail.'],
    ['of one whose fault lies in its input', end({ at: 9, to: 'failed', attempt: 1, error: { kind: 'model_error', message: 'no' } }, { failures: 1 }, runs), 'Ended as failed after 1 attempt, 9 s from its beginning: model_error is not tried again.'],
    ['of one that lost too many workers', end({ at: 9, to: 'failed', attempt: 10, reason: 'its worker was lost 10 times', error: { kind: 'worker_lost', message: '' } }, {}, runs), 'Ended as failed after 10 attempts, 9 s from its beginning: its worker was lost 10 times.'],
    ['of one whose parent failed', end({ at: 9, to: 'failed', reason: 'dependency_failed', error: { kind: 'dependency_failed', message: 'Job a ended as failed, so this one cannot run.' } }, {}, { at: 0, to: 'blocked', reason: 'dependency' }), 'Ended as failed without an attempt, 9 s from its beginning: Job a ended as failed, so this one cannot run.'],
    ['of one that was too late for another attempt', end({ at: 9, to: 'failed', attempt: 1, reason: 'start_deadline', error: crash() }), 'Ended as failed after 1 attempt, 9 s from its beginning: its start deadline passed before a worker took it.'],
    ['of one that nobody took', end({ at: 9, to: 'expired', reason: 'start_deadline' }), 'Ended as expired: its start deadline passed before a worker took it.'],
    ['of one canceled in the queue', end({ at: 9, to: 'canceled', reason: 'requested' }), 'Ended as canceled without an attempt, as was asked, 9 s from its beginning.'],
    ['of one canceled while it ran', told([runs, { at: 4, to: 'canceling', attempt: 3 }, { at: 6, to: 'canceled', attempt: 3 }]).slice(1).join(' '), 'Its worker took 2 s to stop. Ended as canceled after 3 attempts, as was asked, 6 s from its beginning.'],
  ])('%s', (_, sentence, expected) => {
    expect(sentence).toBe(expected);
  }); // prettier-ignore
});
