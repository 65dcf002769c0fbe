import { describe, expect, test } from '@jest/globals';
import { knownMetrics, promqlName } from './guards/known-metrics.ts';
import { metricFaults, queriesIn } from './guards/promql.ts';
import { alertPolicyType, dashboardType, plainOf, roundTrip } from './guards/protos.ts';

/** What holds the alerts and dashboards to what exists has to find it when they are not. */
const known = knownMetrics([
  {
    address: 'google_logging_metric.line["run_time"]',
    type: 'google_logging_metric',
    attributes: {
      name: 'acme-dev/run_time',
      metric_descriptor: [{ value_type: 'DISTRIBUTION', labels: [{ key: 'model' }, { key: 'outcome' }] }],
    },
  },
]);
const RUN = 'logging_googleapis_com:user_acme_dev_run_time';
const IN_LOGS = 'monitored_resource="cloud_run_revision"';
const SUM = `sum by (model) (rate(${RUN}_count{${IN_LOGS}}[5m]))`;
const REQUESTS = 'run_googleapis_com:request_count';
const QUEUED = 'custom_googleapis_com:slipway_queued_jobs{monitored_resource="generic_task"}';

describe('a query', () => {
  test.each([
    [
      'of a distribution',
      `histogram_quantile(0.9, sum by (le, model) (rate(${RUN}_bucket{${IN_LOGS},model="a"}[5m]))) > 1`,
    ],
    ['of a gauge', `max by (queue) (${QUEUED}) > 3`],
    ['of a gauge that is missing', `absent_over_time(${QUEUED}[5m])`],
    ['of a chart’s points', `sum(increase(${RUN}_count{${IN_LOGS},outcome!="failed"}[$\{__interval}]))`],
    ['of two gauges', `(${QUEUED} > 1 or ${QUEUED} > 2) and on (queue) max by (queue) (${QUEUED}) == 0`],
    ['of a count of Google’s', `sum by (response_code) (increase(run_googleapis_com:request_count{${IN_LOGS}}[1m]))`],
  ])('has no fault: %s', (_, query) => {
    expect(metricFaults(query, known)).toEqual([]);
  });

  test.each([
    ['no metric at all', 'vector(1) > 0', /asks for no metric/],
    ['a metric that nobody writes', `sum(custom_googleapis_com:slipway_jobs{${IN_LOGS}})`, /slipway_jobs is no metric/],
    ['one that Google is not listed with', `run_googleapis_com:requests{${IN_LOGS}}`, /requests is no metric/],
    ['one of another system', `up{${IN_LOGS}}`, /up is no metric/],
    ['one of two that is unknown', `${QUEUED} / on (queue) custom_googleapis_com:slots{}`, /slots is no metric/],
    ['a distribution as a whole', `rate(${RUN}{${IN_LOGS}}[5m])`, /run_time is no metric/],
    ['a part of what has none', 'run_googleapis_com:request_count_sum{}', /request_count_sum is no metric/],
    ['another resource', `max(${QUEUED.replace('generic_task', 'global')})`, /is of generic_task/],
    ['no resource', `rate(${RUN}_count[5m])`, /is of cloud_run_revision/],
    ['any resource but its own', `max(${QUEUED.replace('=', '!=')})`, /is of generic_task/],
    ['a resource like its own', `max(${QUEUED.replace('=', '=~')})`, /is of generic_task/],
    ['one without a colon or braces', 'rate(up[5m])', /up is no metric/],
    ['a label that a metric has not', `rate(${RUN}_count{${IN_LOGS},tenant="a"}[5m])`, /no label tenant/],
    [
      'a value that a label has not',
      `increase(${RUN}_count{${IN_LOGS},outcome="done"}[5m])`,
      /no outcome that is done/,
    ],
    ['one of several', `increase(${REQUESTS}{${IN_LOGS},response_code_class=~"4xx|5x"}[5m])`, /class that is 5x$/],
    ['a value that is none to leave out', `increase(${RUN}_count{${IN_LOGS},outcome!~"fail"}[5m])`, /that is fail/],
    ['a grouping by nothing', `sum by (modle) (rate(${RUN}_count{${IN_LOGS}}[5m]))`, /label modle/],
    ['a grouping by what only another has', `sum by (model) (${QUEUED}) / ${SUM}`, /label model that it groups by/],
    ['sides that do not match', `max by (queue) (${QUEUED}) / sum(${QUEUED})`, /nothing matches: \(queue\) and \(\)/],
    ['sides matched by what one has not', `max(${QUEUED}) and on (queue) ${QUEUED}`, /label queue that both sides/],
    ['a quantile of what has no buckets', `histogram_quantile(0.9, ${SUM})`, /label le that a quantile/],
    ['the increase of a gauge', `increase(${QUEUED}[5m])`, /is a gauge/],
    ['a count since ever', `${RUN}_count{${IN_LOGS}} > 5`, /is a count/],
    ['a time without a function', `max(${QUEUED}[5m])`, /given to no function/],
    ['a function without a time', `increase(${RUN}_count{${IN_LOGS}})`, /of no time/],
    ['a function that nobody has looked at', `deriv(${QUEUED}[5m])`, /deriv is no function/],
    ['what is no PromQL', `sum by (queue (${QUEUED})`, /is no PromQL/],
    ['what is nothing', '', /is no PromQL/],
  ])('is found out: %s', (_, query, fault) => {
    expect(metricFaults(query, known).join('\n')).toMatch(fault);
  });

  test('of a dashboard that is no PromQL is found', () => {
    const widget = { timeSeriesQuery: { timeSeriesFilter: { filter: 'metric.type="a/b"' } } };
    const [query = ''] = queriesIn({ tiles: [{ widget: { xyChart: { dataSets: [widget] } } }] });
    expect(metricFaults(query, known).join()).toMatch(/is no PromQL/);
  });
});

test.each([
  ['custom.googleapis.com/slipway/queued_jobs', 'custom_googleapis_com:slipway_queued_jobs'],
  ['logging.googleapis.com/user/acme-dev/cost', 'logging_googleapis_com:user_acme_dev_cost'],
  ['kubernetes.io/container/cpu/limit_cores', 'kubernetes_io:container_cpu_limit_cores'],
])('%s is %s in PromQL', (type, name) => {
  expect(promqlName(type)).toBe(name);
});

const POLICY = {
  id: 'only Terraform’s',
  project: 'acme-gpu',
  display_name: 'a',
  combiner: 'OR',
  enabled: true,
  severity: 'ERROR',
  user_labels: { under_score: 'kept' },
  alert_strategy: [{ auto_close: '1800s', notification_prompts: ['OPENED'] }],
  conditions: [
    {
      display_name: 'c',
      condition_threshold: [],
      condition_prometheus_query_language: [{ query: 'up', duration: '60s', disable_metric_validation: true }],
    },
  ],
};
const asPolicy = (changes: object): { before: unknown; after: unknown } => {
  const before = plainOf(alertPolicyType(), { ...POLICY, ...changes });
  return { before, after: roundTrip(alertPolicyType(), before) };
};

describe('an alert policy', () => {
  test('of Terraform is the message that the API has', () => {
    const { before, after } = asPolicy({});
    expect(after).toEqual(before);
    expect(after).toEqual({
      displayName: 'a',
      combiner: 'OR',
      enabled: { value: true },
      severity: 'ERROR',
      userLabels: { under_score: 'kept' },
      alertStrategy: { autoClose: { seconds: '1800' }, notificationPrompts: ['OPENED'] },
      conditions: [
        {
          displayName: 'c',
          conditionPrometheusQueryLanguage: {
            query: 'up',
            duration: { seconds: '60' },
            disableMetricValidation: true,
          },
        },
      ],
    });
  });

  test.each([
    ['a word that is none', { severity: 'FATAL' }],
    ['a word in a list that is none', { alert_strategy: [{ notification_prompts: ['SHOUTED'] }] }],
    ['a key that is none', { silenced: true }],
    [
      'a key that is none, further in',
      { conditions: [{ display_name: 'c', condition_prometheus: [{ query: 'up' }] }] },
    ],
    ['two of what there is one of', { alert_strategy: [{ auto_close: '1s' }, { auto_close: '2s' }] }],
    ['a time that is none', { alert_strategy: [{ auto_close: 'soon' }] }],
  ])('does not come through with %s', (_, changes) => {
    let same: boolean;
    try {
      const { before, after } = asPolicy(changes);
      same = JSON.stringify(sorted(before)) === JSON.stringify(sorted(after));
    } catch {
      same = false;
    }
    expect(same).toBe(false);
  });
});

describe('a dashboard', () => {
  const of = (chart: object): object => ({
    displayName: 'd',
    mosaicLayout: { columns: 12, tiles: [{ xPos: 0, width: 4, height: 4, widget: { title: 't', xyChart: chart } }] },
  });
  const dataSets = (set: object): object => of({ dataSets: [{ timeSeriesQuery: { prometheusQuery: 'up' }, ...set }] });
  const comesThrough = (dashboard: object): boolean => {
    const before = plainOf(dashboardType(), dashboard as Parameters<typeof plainOf>[1]);
    return JSON.stringify(sorted(roundTrip(dashboardType(), before))) === JSON.stringify(sorted(before));
  };

  test.each([
    ['comes through as it should be', true, dataSets({ plotType: 'LINE', minAlignmentPeriod: '60s' })],
    ['does not with a plot that is none', false, dataSets({ plotType: 'LINES' })],
    ['does not with a key that is none', false, dataSets({ legend: 'x' })],
    ['does not with a widget that is none', false, of({ datasets: [], data: 1 })],
  ])('%s', (_, through, dashboard) => {
    expect(comesThrough(dashboard)).toBe(through);
  });
});

/** With keys in one order, to be compared as text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
