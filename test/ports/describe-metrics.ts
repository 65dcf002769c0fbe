import { describe, expect, test } from '@jest/globals';
import type { SettledRecord } from '../../domain/metrics.ts';
import type { Gauge, MetricSink } from '../../domain/ports.ts';
import type { CapturedLog } from '../local/capture-log.ts';

export interface MetricsUnderTest {
  readonly metrics: MetricSink;
  readonly log: CapturedLog;
  /** A minute passes. */
  tick(): void;
  /** What somebody who looks at the gauges now is shown. */
  shown(): readonly Gauge[];
}

const RECORD: SettledRecord = {
  job: 'j',
  version: 3,
  event: 'job.succeeded',
  model: 'm',
  queue: 'a@here',
  attempt: 1,
  errorKind: null,
  queuedMs: 5,
  runMs: 7,
  runShare: 0.07,
  costUsd: 0.001,
};

/** What every engine's MetricSink must do. */
export function describeMetrics(name: string, make: () => Promise<MetricsUnderTest>): void {
  describe(`MetricSink on ${name}`, () => {
    test('a settled event is one structured line, also where nothing is known of it', async () => {
      const { metrics, log } = await make();
      const unknown = { ...RECORD, queuedMs: null, runMs: null, runShare: null, costUsd: null };
      await metrics.settled(RECORD);
      await metrics.settled(unknown);
      expect(log.lines).toEqual([RECORD, unknown].map((fields) => ({ level: 'info', message: 'settled', fields })));
    });

    test('gauges are shown under their queue, at their latest', async () => {
      const underTest = await make();
      const { metrics } = underTest;
      const gauges = (value: number): Gauge[] => [
        { name: 'queued_jobs', queue: 'a@here', value },
        { name: 'queued_jobs', queue: 'b@here', value: 0 },
        { name: 'open_events', queue: null, value: 0.5 },
      ];
      await metrics.gauges(gauges(7));
      underTest.tick();
      await metrics.gauges(gauges(9));
      expect([...underTest.shown()].sort(byPlace)).toEqual(gauges(9).sort(byPlace));
    });

    test('more of them than a call takes are all shown, and none is no error', async () => {
      const underTest = await make();
      const { metrics } = underTest;
      await metrics.gauges([]);
      underTest.tick();
      await metrics.gauges(
        Array.from({ length: 450 }, (_, n) => ({ name: 'held_slots', queue: `q${n}@here`, value: n })),
      );
      expect(underTest.shown()).toHaveLength(450);
    });
  });
}

const byPlace = (a: Gauge, b: Gauge): number => `${a.name} ${a.queue}`.localeCompare(`${b.name} ${b.queue}`);
