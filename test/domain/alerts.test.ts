import { describe, expect, test } from '@jest/globals';
import { behindSeconds, oldestQueuedSeconds, RAN, THRESHOLDS, USERS_MISTAKES } from '../../domain/alerts.ts';
import { ErrorKind, JobState } from '../../domain/contract/job.ts';
import { Model, Pool } from '../../domain/contract/model.ts';
import { eventNameOf } from '../../domain/webhook-event.ts';
import { alertsFile } from '../../scripts/generate/alerts.ts';

const model = (changes: object = {}): Model =>
  Model.parse({
    name: 'm',
    title: '',
    description: '',
    pool: 'p',
    runner: { kind: 'server', program: 'node' },
    input: {},
    output: {},
    ...changes,
  });
const pool = (startupTimeoutSeconds: number): Pool => Pool.parse({ name: 'p', startupTimeoutSeconds });
const runs = (runSeconds: number): object => ({ expected: { runSeconds } });
const startsBy = (startDeadlineSeconds: number): object => ({ limits: { startDeadlineSeconds } });

describe('the oldest job of a queue may be as old as', () => {
  const { most } = THRESHOLDS.oldest_queued;
  test.each([
    ['the list says, with a start in vain and a run', pool(120), [model(runs(10))], most + 130],
    ['its slowest model makes it', pool(60), [model(runs(10)), model(runs(900))], most + 960],
    ['half the time that is left to start it', pool(900), [model(startsBy(1_800))], 900],
    ['half the shortest such time', pool(300), [model(startsBy(3_600)), model(startsBy(600))], 300],
  ])('%s', (_, row, models, seconds) => {
    expect(oldestQueuedSeconds(row, models)).toBe(seconds);
  });
});

test('jobs of a queue are behind once half the shortest time to start one is over', () => {
  expect(behindSeconds([model(startsBy(3_600)), model(startsBy(600))])).toBe(300);
});

describe('what is generated for the alerts', () => {
  test('names ends and kinds of error as they are, whole', () => {
    const { values } = alertsFile() as { readonly values: Readonly<Record<string, string>> };
    const letThrough = (name: string, words: readonly string[]): string[] =>
      words.filter((word) => new RegExp(`^(?:${values[name] ?? '(?!)'})$`).test(word));
    expect(letThrough('users_mistakes', ErrorKind.options)).toEqual(USERS_MISTAKES);
    expect(letThrough('ran', JobState.options)).toEqual(RAN);
    const events = [...JobState.options.map(eventNameOf), 'job.failed.twice', 'jobXfailed'];
    expect(letThrough('ends', events)).toEqual(['job.succeeded', 'job.failed', 'job.canceled', 'job.expired']);
  });

  test('leaves out what the list says has no alert', () => {
    const { thresholds } = alertsFile() as { readonly thresholds: Readonly<Record<string, unknown>> };
    expect(Object.keys(thresholds)).toEqual(expect.arrayContaining(['told_p99', 'sweep_silent']));
    expect(thresholds).not.toHaveProperty('lost_jobs');
    expect(thresholds).not.toHaveProperty('ended_twice');
  });
});
