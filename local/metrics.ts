import { GAUGES, type SettledRecord } from '../domain/metrics.ts';
import type { Gauge, Log, MetricSink } from '../domain/ports.ts';

export interface MemoryMetrics extends MetricSink {
  /** Everything since the start, in Prometheus' text format 0.0.4. */
  render(): string;
}

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly series: Map<string, number>;
}

const family = (name: string, type: Family['type'], help: string): Family => ({ name, type, help, series: new Map() });

/** Writes one structured line for each settled event and keeps the sums of them in memory. */
export function memoryMetrics(log: Log): MemoryMetrics {
  const events = family('slipway_events_total', 'counter', 'Settled events.');
  const queuedCount = family('slipway_queued_seconds_count', 'counter', 'Attempts whose time in the queue is known.');
  const queuedSum = family('slipway_queued_seconds_sum', 'counter', 'Time from queued to started.');
  const runCount = family('slipway_run_seconds_count', 'counter', 'Attempts whose run time is known.');
  const runSum = family('slipway_run_seconds_sum', 'counter', 'Time from started to finished.');
  const cost = family('slipway_cost_usd_total', 'counter', 'What the attempts cost, in US dollars.');
  let gauges: readonly Gauge[] = [];

  return {
    async settled(record: SettledRecord) {
      log.info('settled', { ...record });
      const where = { model: record.model, queue: record.queue };
      add(events, { event: record.event, ...where, error_kind: record.errorKind ?? '' }, 1);
      if (record.queuedMs !== null) {
        add(queuedCount, where, 1);
        add(queuedSum, where, record.queuedMs / 1_000);
      }
      if (record.runMs !== null) {
        add(runCount, where, 1);
        add(runSum, where, record.runMs / 1_000);
      }
      if (record.costUsd !== null) add(cost, where, record.costUsd);
    },

    async gauges(points) {
      gauges = points;
    },

    render() {
      const families = [events, queuedCount, queuedSum, runCount, runSum, cost];
      for (const [name, help] of Object.entries(GAUGES)) {
        const all = family(`slipway_${name}`, 'gauge', help);
        for (const point of gauges) {
          if (point.name === name)
            all.series.set(render(point.queue === null ? {} : { queue: point.queue }), point.value);
        }
        families.push(all);
      }
      return families
        .filter(({ series }) => series.size > 0)
        .map(({ name, type, help, series }) =>
          [
            `# HELP ${name} ${help}`,
            `# TYPE ${name} ${type}`,
            ...[...series].map(([labels, value]) => `${name}${labels} ${value}`),
            '',
          ].join('\n'),
        )
        .join('');
    },
  };
}

function add({ series }: Family, labels: Labels, value: number): void {
  const key = render(labels);
  series.set(key, (series.get(key) ?? 0) + value);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function render(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character)}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
