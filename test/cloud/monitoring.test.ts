import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { logMetrics } from '../../cloud/log-metrics.ts';
import { cloudGauges } from '../../cloud/monitoring.ts';
import type { Gauge, MetricSink } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import { startMonitoringServer, type MonitoringServer } from '../../emulators/monitoring-server.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { describeMetrics } from '../ports/describe-metrics.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';

/** As a chart shows them: of each series the newest point. */
function latestOf(points: MonitoringServer['points']): Gauge[] {
  const newest = Math.max(...points.map(({ atSeconds }) => atSeconds));
  return points
    .filter(({ atSeconds }) => atSeconds === newest)
    .map(({ metric, labels, value }) => ({
      name: metric.replace('custom.googleapis.com/slipway/', '') as Gauge['name'],
      queue: labels['queue'] ?? null,
      value,
    }));
}

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

describeMetrics('Cloud Monitoring and log lines', async () => ({
  metrics,
  log,
  tick: () => clock.set(clock.nowMs() + MINUTE),
  shown: () => latestOf(server.points),
}));

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

test('a point that is refused for coming too soon makes the call fail, and the next minute’s is good again', async () => {
  await metrics.gauges([queued('a@here', 1)]);
  await expect(metrics.gauges([queued('a@here', 2)])).rejects.toThrow(/sampling period/);
  clock.set(T0 + MINUTE);
  await metrics.gauges([queued('a@here', 3)]);
  expect(server.points.map(({ value }) => value)).toEqual([1, 3]);
});
