import { GOOGLE_METRICS } from '../../../cloud/google-metrics.ts';
import { GAUGE_RESOURCE, gaugeType } from '../../../cloud/monitoring.ts';
import { GAUGES, type GaugeName } from '../../../domain/metrics.ts';
import type { Applied } from '../applied.ts';

/** A metric that is known to exist, or to exist once it is needed. */
export interface KnownMetric {
  readonly type: string;
  readonly resource: string;
  readonly kind: 'count' | 'gauge' | 'distribution';
  /** Its own and its resource's. */
  readonly labels: readonly string[];
}

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
  };
}

/** What PromQL calls a metric of Cloud Monitoring. */
export function promqlName(type: string): string {
  const [domain = '', ...path] = type.split('/');
  const plain = (text: string): string => text.replace(/[^a-zA-Z0-9]/g, '_');
  return `${plain(domain)}:${plain(path.join('/'))}`;
}

const SELECTOR = /([a-zA-Z_][a-zA-Z0-9_]*:[a-zA-Z0-9_]+|[a-zA-Z_][a-zA-Z0-9_]*(?=\{))(?:\{([^}]*)\})?/g;
const MATCHER = /([a-z_]+)(?:=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g;

/** What is wrong with the metrics of a query, and with the labels that it goes by; nothing where all of them exist. */
export function metricFaults(query: string, known: readonly KnownMetric[]): readonly string[] {
  const faults: string[] = [];
  const labels = new Set(['le']);
  const selectors = [...query.matchAll(SELECTOR)];
  if (selectors.length === 0) faults.push('it asks for no metric');
  for (const [, name = '', inner = ''] of selectors) {
    const metric = known.find(({ type, kind }) => namesOf(type, kind).includes(name));
    if (metric === undefined) {
      faults.push(`${name} is no metric that exists`);
      continue;
    }
    const matchers = [...inner.matchAll(MATCHER)].map(([, label = '', value = '']) => [label, value] as const);
    if (!matchers.some(([label, value]) => label === 'monitored_resource' && value === metric.resource))
      faults.push(`${name} does not say that it is of ${metric.resource}`);
    for (const [label] of matchers) {
      if (label !== 'monitored_resource' && !metric.labels.includes(label))
        faults.push(`${name} has no label ${label}`);
    }
    for (const label of metric.labels) labels.add(label);
  }
  for (const [, list = ''] of query.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)) {
    for (const label of list.split(',').map((one) => one.trim())) {
      if (label !== '' && !labels.has(label)) faults.push(`nothing has the label ${label} that it groups by`);
    }
  }
  return faults;
}

/** A distribution is read by its parts, and nothing else has any. */
const namesOf = (type: string, kind: KnownMetric['kind']): readonly string[] =>
  kind === 'distribution'
    ? ['bucket', 'sum', 'count'].map((part) => `${promqlName(type)}_${part}`)
    : [promqlName(type)];

/** All queries of a dashboard; another way to ask than PromQL is returned as it stands, and names no metric that is known. */
export function queriesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(queriesIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'timeSeriesQuery' ? [queryIn(inner as Readonly<Record<string, unknown>>)] : queriesIn(inner),
  );
}

const queryIn = (query: Readonly<Record<string, unknown>>): string =>
  typeof query['prometheusQuery'] === 'string' ? query['prometheusQuery'] : JSON.stringify(query);
