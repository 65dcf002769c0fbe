import { describe, expect, test } from '@jest/globals';
import type { Submission } from '../../bench/load/arrivals.ts';
import { chooser, readLoadFlags } from '../../bench/load/flags.ts';
import { reportOf, reportText } from '../../bench/load/report.ts';
import type { JobResource } from '../../domain/contract/http.ts';

const T0 = Date.UTC(2026, 10, 26);
const at = (seconds: number): string => new Date(T0 + seconds * 1_000).toISOString();

const sent = (more: Partial<Submission> = {}): Submission => ({
  tenant: { id: 'load-0', key: 'k' },
  model: 'load-quick',
  dueMs: 0,
  sentMs: 1,
  answeredMs: 10,
  status: 201,
  fault: null,
  id: 'a',
  ...more,
});
const job = (more: Partial<JobResource> = {}): JobResource =>
  ({
    id: 'a',
    state: 'succeeded',
    createdAt: at(0),
    queuedAt: at(0),
    startedAt: at(2),
    finishedAt: at(3),
    timing: { queuedSeconds: 2, bootSeconds: null, loadSeconds: null, runSeconds: 1 },
    ...more,
  }) as JobResource;
const told = (seconds: number, ...states: string[]) =>
  new Map([['a', { atMs: T0 + seconds * 1_000, states: new Set(states) }]]);
const checks = (report: ReturnType<typeof reportOf>): Record<string, number | null> =>
  Object.fromEntries(report.checks.map(({ name, seen }) => [name, seen]));
const over = (report: ReturnType<typeof reportOf>): string[] =>
  report.checks.filter(({ isOver }) => isOver).map(({ name }) => name);

describe('the report of a load', () => {
  test('gives each step its seconds, from when a submission was due', () => {
    const report = reportOf([sent()], new Map([['a', job()]]), told(4, 'succeeded'));
    const steps = Object.fromEntries(report.steps.map(({ name, max }) => [name, max]));
    expect(steps).toMatchObject({
      'due to answered': 0.01,
      'queued to started': 2,
      'started to finished': 1,
      'finished to told': 1,
      'created to finished': 3,
    });
    expect(over(report)).toEqual([]);
    for (const line of reportText(report).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test.each([
    ['a job that has not ended', job({ state: 'running', finishedAt: null }), told(4), 'lost_jobs'],
    ['a job that cannot be read', null, told(4), 'lost_jobs'],
    ['two different ends', job(), told(4, 'succeeded', 'failed'), 'ended_twice'],
    ['an end that is told late', job(), told(90, 'succeeded'), 'told_p99'],
    [
      'a job that waits long',
      job({ startedAt: at(400), finishedAt: at(401) }),
      told(402, 'succeeded'),
      'oldest_queued',
    ],
  ])('is over with %s', (_, read, ends, name) => {
    expect(over(reportOf([sent()], new Map([['a', read]]), ends))).toEqual([name]);
  });

  test('counts what was not answered, or with a 5xx, as an error, and a refusal as none', () => {
    const fine = Array.from({ length: 97 }, () => sent());
    const bad = [
      sent({ status: null, fault: 'ECONNRESET', id: null }),
      sent({ status: 503, fault: 'unavailable', id: null }),
    ];
    const refused = sent({ status: 429, fault: 'too_many_jobs', id: null });
    const report = reportOf([...fine, ...bad, refused], new Map(), null);
    expect(checks(report)['server_errors']).toBeCloseTo(0.02);
    expect(report.faults).toEqual({ ECONNRESET: 1, unavailable: 1, too_many_jobs: 1 });
  });

  test('says of what nobody could see that it was not seen', () => {
    const report = reportOf([sent()], new Map([['a', job()]]), null);
    expect(checks(report)).toMatchObject({ ended_twice: null, told_p99: null });
    expect(reportText(report)).toContain('not seen');
  });
});

test('models are drawn by their weights', () => {
  const mix = chooser('a=3,b=1');
  expect([0, 0.74, 0.76, 0.999].map((draw) => mix.choose(draw))).toEqual(['a', 'a', 'b', 'b']);
});

test.each([
  [['--rate', '0'], '--rate'],
  [['--mix', 'a'], '--mix'],
  [['--url', 'https://example.org', '--inputs', 'x.json'], '--key'],
  [['--url', 'https://example.org', '--key', 'k'], '--inputs'],
  [['--speed', '3'], 'npm run load'],
])('%j is refused by its name', (args, named) => {
  expect(() => readLoadFlags(args, {})).toThrow(named);
});
