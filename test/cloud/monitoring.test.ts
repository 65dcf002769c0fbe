import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { logMetrics } from '../../cloud/log-metrics.ts';
import { cloudGauges } from '../../cloud/monitoring.ts';
import type { Gauge, MetricSink } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import { startMonitoringServer, type MonitoringServer } from '../../emulators/monitoring-server.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';

const T0 = Date.UTC(2026, 10, 26);
let server: MonitoringServer;
let clock: ManualClock;
let log: CapturedLog;
let metrics: MetricSink;
beforeEach(async () => {
  server = await startMonitoringServer();
  clock = manualClock(T0);
  log = capturedLog();
  const endpoints = { monitoring: server.address };
  metrics = {
    ...logMetrics(log),
    ...cloudGauges({ projectId: 'test', name: 'slipway', region: 'here', endpoints, clock }),
  };
});
afterEach(() => server.stop());

const queued = (queue: string, value: number): Gauge => ({ name: 'queued_jobs', queue, value });

test('gauges are one point each, now, under their queue', async () => {
  await metrics.gauges([queued('a@here', 7), { name: 'open_events', queue: null, value: 0.5 }]);
  expect(server.points).toEqual([
    {
      metric: 'custom.googleapis.com/slipway/queued_jobs',
      labels: { queue: 'a@here' },
      value: 7,
      atSeconds: T0 / 1_000,
    },
    { metric: 'custom.googleapis.com/slipway/open_events', labels: {}, value: 0.5, atSeconds: T0 / 1_000 },
  ]);
});

test('more than one call takes are written in several', async () => {
  await metrics.gauges(Array.from({ length: 450 }, (_, n) => queued(`q${n}@here`, n)));
  expect(server.points).toHaveLength(450);
});

test('a point that comes too soon after the last is an error of the caller’s, and the next minute’s is good again', async () => {
  await metrics.gauges([queued('a@here', 1)]);
  await expect(metrics.gauges([queued('a@here', 2)])).rejects.toThrow(/sampling period/);
  clock.set(T0 + MINUTE);
  await metrics.gauges([queued('a@here', 3)]);
  expect(server.points.map(({ value }) => value)).toEqual([1, 3]);
});

test('a settled event is one structured line and no call', async () => {
  const record = {
    event: 'job.succeeded',
    model: 'm',
    queue: 'a@here',
    attempt: 1,
    errorKind: null,
    queuedMs: 5,
    runMs: 7,
    costUsd: 0.001,
  };
  await metrics.settled(record);
  expect(log.lines).toEqual([{ level: 'info', message: 'settled', fields: record }]);
  expect(server.points).toEqual([]);
});
