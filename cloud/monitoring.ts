import type { MetricServiceClient, protos } from '@google-cloud/monitoring';
import type { GaugeName } from '../domain/metrics.ts';
import type { Clock, Gauge, MetricSink } from '../domain/ports.ts';
import { SECOND } from '../domain/time.ts';
import { CALL_MS } from './deadline.ts';
import { clientOptions, type Project } from './endpoints.ts';
import { lazy } from './lazy.ts';

type TimeSeries = protos.google.monitoring.v3.ITimeSeries;

/** The kind of resource that gauges stand on. */
export const GAUGE_RESOURCE = 'generic_task';
/** What a gauge is called in Cloud Monitoring. */
export const gaugeType = (name: GaugeName): string => `custom.googleapis.com/slipway/${name}`;

/** What one `CreateTimeSeries` takes. */
const SERIES_PER_CALL = 200;

/** Cloud Monitoring: gauges as time series, a point a minute. They have one writer only, sweep. */
export function cloudGauges(
  options: Project & { readonly name: string; readonly region: string; readonly clock: Clock },
): Pick<MetricSink, 'gauges'> {
  const { projectId, name, region, clock } = options;
  const client = lazy(async (): Promise<MetricServiceClient> => {
    const { MetricServiceClient: Client } = await import('@google-cloud/monitoring');
    return new Client(await clientOptions(projectId, options.endpoints.monitoring));
  });
  const resource = {
    type: GAUGE_RESOURCE,
    labels: { project_id: projectId, location: region, namespace: name, job: 'sweep', task_id: 'sweep' },
  };
  const seriesOf = ({ name: metric, queue, value }: Gauge, nowMs: number): TimeSeries => ({
    metric: { type: gaugeType(metric), labels: queue === null ? {} : { queue } },
    resource,
    metricKind: 'GAUGE',
    valueType: 'DOUBLE',
    points: [
      {
        interval: { endTime: { seconds: Math.floor(nowMs / SECOND), nanos: (nowMs % SECOND) * 1_000_000 } },
        value: { doubleValue: value },
      },
    ],
  });

  return {
    async gauges(points) {
      const nowMs = clock.nowMs();
      const series = points.map((point) => seriesOf(point, nowMs));
      for (let from = 0; from < series.length; from += SERIES_PER_CALL) {
        const timeSeries = series.slice(from, from + SERIES_PER_CALL);
        await (
          await client()
        ).createTimeSeries({ name: `projects/${projectId}`, timeSeries }, { timeout: CALL_MS.gauges });
      }
    },
  };
}
