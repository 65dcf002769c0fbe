import { GOOGLE_METRICS } from '../../../cloud/google-metrics.ts';
import { GAUGE_RESOURCE, gaugeType } from '../../../cloud/monitoring.ts';
import { Delivery } from '../../../domain/contract/delivery.ts';
import { ErrorKind, JobState } from '../../../domain/contract/job.ts';
import { GAUGES, type AcceptedRecord, type GaugeName } from '../../../domain/metrics.ts';
import { isTerminal } from '../../../domain/state.ts';
import { eventNameOf } from '../../../domain/webhook-event.ts';
import type { Applied } from '../applied.ts';

/** A metric that is known to exist, or to exist once it is needed. */
export interface KnownMetric {
  readonly type: string;
  readonly resource: string;
  readonly kind: 'count' | 'gauge' | 'distribution';
  /** Its own and its resource's. */
  readonly labels: readonly string[];
  /** All values that a label may have, where those are known. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

/** The values of the labels of log-based metrics. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  via: ['https', 'pubsub'] satisfies AcceptedRecord['via'][],
  is_new: ['true', 'false'],
  event: JobState.options.map(eventNameOf),
  outcome: JobState.options.filter(isTerminal),
  error_kind: ErrorKind.options,
  state: Delivery.shape.state.options,
};

/** The metrics that alerts and dashboards may ask for: what Terraform makes, what sweep writes, what Google is taken to have. */
export function knownMetrics(applied: readonly Applied[]): readonly KnownMetric[] {
  return [
    ...applied.filter(({ type }) => type === 'google_logging_metric').map(ofLogs),
    ...(Object.keys(GAUGES) as GaugeName[]).map((name) => ({
      type: gaugeType(name),
      resource: GAUGE_RESOURCE,
      kind: 'gauge' as const,
      labels: ['namespace', ...(name === 'open_events' ? [] : ['queue'])],
    })),
    ...Object.entries(GOOGLE_METRICS).map(([type, metric]) => ({ type, ...metric })),
  ];
}

function ofLogs({ attributes }: Applied): KnownMetric {
  const [descriptor] = attributes['metric_descriptor'] as readonly {
    value_type: string;
    labels: readonly { key: string }[];
  }[];
  return {
    type: `logging.googleapis.com/user/${String(attributes['name'])}`,
    resource: 'cloud_run_revision',
    kind: descriptor?.value_type === 'DISTRIBUTION' ? 'distribution' : 'count',
    labels: ['service_name', ...(descriptor?.labels ?? []).map(({ key }) => key)],
    values: VALUES,
  };
}

/** What PromQL calls a metric of Cloud Monitoring. */
export function promqlName(type: string): string {
  const [domain = '', ...path] = type.split('/');
  const plain = (text: string): string => text.replace(/[^a-zA-Z0-9]/g, '_');
  return `${plain(domain)}:${plain(path.join('/'))}`;
}

/** A distribution is read by its parts, and nothing else has any. */
export const namesOf = (type: string, kind: KnownMetric['kind']): readonly string[] =>
  kind === 'distribution'
    ? ['bucket', 'sum', 'count'].map((part) => `${promqlName(type)}_${part}`)
    : [promqlName(type)];
