import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { LOG_METRICS, logMetricSpecs, type Line, type LogMetric } from '../../cloud/log-based-metrics.ts';
import { SIGNS, THRESHOLDS } from '../../domain/alerts.ts';
import { ErrorKind, JobState } from '../../domain/contract/job.ts';
import { slotId } from '../../domain/ports.ts';
import { eventNameOf } from '../../domain/webhook-event.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCE = globSync('{functions,cloud}/**/*.ts', { cwd: ROOT })
  .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  .join('\n');
const METRICS: readonly (readonly [string, LogMetric])[] = Object.entries(LOG_METRICS);
/** Lines whose fields are a record's: the compiler holds the metric to it. */
const RECORDS: Partial<Record<Line, string>> = {
  settled: '...record',
  'job accepted': '...record',
  'webhook tried': '...triedRecord(',
};

/** What the code says with a line, as text; null where no line has this message. */
const saidWith = (line: string): string | null =>
  new RegExp(`log\\.(?:info|error)\\('${line}', \\{([^}]*)\\}`).exec(SOURCE)?.[1] ?? null;

describe('what is counted is what the code logs', () => {
  const lines = METRICS.flatMap(([name, metric]) => metric.lines.map((line) => [line, name, metric] as const));

  test.each(lines)('"%s", by %s, with the fields that it uses', (line, _, { labels, value, where = {}, over = {} }) => {
    const said = saidWith(line);
    if (said === null) throw new Error(`no function logs "${line}"`);
    const record = RECORDS[line];
    if (record !== undefined) return expect(said).toContain(record);
    const of = Object.values(labels).map((from) => from.split('~')[0]);
    const used = [...of, ...Object.keys(where), ...Object.keys(over), value];
    for (const field of used.filter((one) => one !== undefined)) {
      expect(said).toMatch(new RegExp(`(?:^|[\\s,])${field}\\s*(?::|,|$)`));
    }
  });

  test('a line that nobody logs would be found', () => {
    expect(saidWith('launch faild')).toBeNull();
  });
});

test('no label is an id', () => {
  const fields = METRICS.flatMap(([, { labels }]) => Object.values(labels).map((from) => from.split('~')[0]));
  for (const id of ['job', 'version', 'delivery', 'slot', 'fence', 'rejection']) {
    expect(fields.filter((field) => field === id)).toEqual(id === 'slot' ? ['slot'] : []);
  }
});

describe('a filter', () => {
  const pattern = (name: keyof typeof LOG_METRICS, field: string): RegExp => {
    return new RegExp(LOG_METRICS[name].where?.[field] ?? '(?!)');
  };

  test.each(JobState.options.map((state) => [state, ['succeeded', 'failed', 'canceled', 'expired'].includes(state)]))(
    'for jobs that ended lets through %s: %s',
    (state, ends) => {
      expect(pattern('jobs_ended', 'event').test(eventNameOf(state as JobState))).toBe(ends);
    },
  );

  test('for failed attempts lets through each kind of error, and no line without one', () => {
    expect(ErrorKind.options.filter((kind) => !pattern('attempts_failed', 'errorKind').test(kind))).toEqual([]);
    expect(pattern('attempts_failed', 'errorKind').test('NULL_VALUE')).toBe(false);
  });

  test('of a measured field leaves out lines in which it is null', () => {
    expect(logMetricSpecs()['queued_time']).toEqual({
      description: 'From queued to started.',
      filter: 'jsonPayload.message="settled" AND jsonPayload.fields.queuedMs>=0',
      labels: { model: 'EXTRACT(jsonPayload.fields.model)', queue: 'EXTRACT(jsonPayload.fields.queue)' },
      value: { extractor: 'EXTRACT(jsonPayload.fields.queuedMs)', unit: 'ms' },
    });
  });

  test.each([
    ['late_answers', 'tookMs', THRESHOLDS.answer_p99.most * 1_000],
    ['late_webhooks', 'toldMs', THRESHOLDS.told_p99.most * 1_000],
    ['long_runs', 'runShare', SIGNS.long_runs.most],
  ])('of %s lets through what is over the threshold of the list', (name, field, most) => {
    expect(logMetricSpecs()[name]?.filter).toMatch(new RegExp(` AND jsonPayload[.]fields[.]${field}>${most}$`));
  });

  test('of errors leaves out requests, and each line that has a metric of its own', () => {
    const { filter = '' } = logMetricSpecs()['function_errors'] ?? {};
    const [, ...left] = filter.split(' AND NOT ');
    expect(filter).toMatch(/^severity>=ERROR AND NOT /);
    expect(left[0]).toBe('log_id("run.googleapis.com/requests")');
    const lines = [...(left[1] ?? '').matchAll(/"([^"]+)"/g)].map(([, line]) => line);
    expect(lines.sort()).toEqual([...new Set(METRICS.flatMap(([, metric]) => metric.lines))].sort());
    expect(left).toHaveLength(2);
  });

  test('of several lines lets through each of them', () => {
    const { filter } = logMetricSpecs()['launches_failed'] ?? {};
    expect(filter).toBe('jsonPayload.message=("launch failed" OR "launch unclear")');
  });
});

test('the queue of a launch is what its slot is named after', () => {
  const { labels } = LOG_METRICS.launches_failed;
  const [, pattern = '(?!)'] = /^slot~(.*)$/.exec(labels.queue ?? '') ?? [];
  expect(new RegExp(pattern).exec(slotId('documents@us-central1', 12))?.[1]).toBe('documents@us-central1');
});
