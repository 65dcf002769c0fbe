import { describe, expect, test } from '@jest/globals';
import { longRunSeconds, oldestQueuedSeconds, THRESHOLDS } from '../../domain/alerts.ts';
import { Model, Pool } from '../../domain/contract/model.ts';
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

test('the runs of a model may take nine tenths of their timeout', () => {
  expect(longRunSeconds(model({ limits: { runTimeoutSeconds: 300 } }))).toBe(270);
});

describe('what is generated for the alerts', () => {
  test('leaves out what the list says has no alert', () => {
    const { thresholds } = alertsFile() as { readonly thresholds: Readonly<Record<string, unknown>> };
    expect(Object.keys(thresholds)).toEqual(expect.arrayContaining(['told_p99', 'sweep_silent']));
    expect(thresholds).not.toHaveProperty('lost_jobs');
    expect(thresholds).not.toHaveProperty('ended_twice');
  });
});
