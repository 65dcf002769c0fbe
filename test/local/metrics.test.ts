import { expect, test } from '@jest/globals';
import type { SettledRecord } from '../../domain/metrics.ts';
import type { Gauge } from '../../domain/ports.ts';
import { memoryMetrics } from '../../local/metrics.ts';
import { describeMetrics } from '../ports/describe-metrics.ts';
import { capturedLog } from './capture-log.ts';

const record: SettledRecord = {
  job: 'j',
  version: 3,
  event: 'job.succeeded',
  model: 'noop',
  queue: 'noop@here',
  attempt: 1,
  errorKind: null,
  queuedMs: 1_500,
  runMs: 250,
  runShare: 0.5,
  costUsd: 0.5,
};

describeMetrics('memory', async () => {
  const log = capturedLog();
  const metrics = memoryMetrics(log);
  return { metrics, log, tick: () => undefined, shown: () => gaugesIn(metrics.render()) };
});

/** As a scraper reads them. */
const gaugesIn = (text: string): Gauge[] =>
  [...text.matchAll(/^slipway_(queued_jobs|held_slots|open_events)(?:\{queue="(.+)"\})? (\S+)$/gm)].map(
    ([, name, queue, value]) => ({ name: name as Gauge['name'], queue: queue ?? null, value: Number(value) }),
  );

test('each settled event is one structured line, and is counted', async () => {
  const log = capturedLog();
  const metrics = memoryMetrics(log);
  expect(metrics.render()).toBe('');
  await metrics.settled(record);
  await metrics.settled({ ...record, queuedMs: 500, runMs: null, runShare: null, costUsd: null });
  expect(log.lines[0]).toEqual({ level: 'info', message: 'settled', fields: record });
  const lines = metrics.render().split('\n');
  expect(lines).toContain('# TYPE slipway_events_total counter');
  expect(lines).toContain('slipway_events_total{event="job.succeeded",model="noop",queue="noop@here",error_kind=""} 2');
  expect(lines).toContain('slipway_queued_seconds_sum{model="noop",queue="noop@here"} 2');
  expect(lines).toContain('slipway_queued_seconds_count{model="noop",queue="noop@here"} 2');
  expect(lines).toContain('slipway_run_seconds_sum{model="noop",queue="noop@here"} 0.25');
  expect(lines).toContain('slipway_cost_usd_total{model="noop",queue="noop@here"} 0.5');
  expect(lines.at(-1)).toBe('');
});

test('gauges are those of the last time, and no older ones', async () => {
  const metrics = memoryMetrics(capturedLog());
  await metrics.gauges([{ name: 'queued_jobs', queue: 'old', value: 3 }]);
  await metrics.gauges([
    { name: 'queued_jobs', queue: 'q', value: 1 },
    { name: 'open_events', queue: null, value: 2 },
  ]);
  expect(
    metrics
      .render()
      .split('\n')
      .filter((line) => !line.startsWith('#')),
  ).toEqual(['slipway_queued_jobs{queue="q"} 1', 'slipway_open_events 2', '']);
});

test('whatever a label holds, it stays one label of one line', async () => {
  const metrics = memoryMetrics(capturedLog());
  await metrics.gauges([{ name: 'held_slots', queue: 'a"} 9\n\\x', value: 1 }]);
  expect(metrics.render()).toContain('slipway_held_slots{queue="a\\"} 9\\n\\\\x"} 1\n');
});
