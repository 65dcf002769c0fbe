import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { FEW, THRESHOLDS, WINDOWS } from '../../domain/alerts.ts';
import { ErrorKind } from '../../domain/contract/job.ts';
import { applied, TERRAFORM, whyNot } from './applied.ts';
import { answerOf, type Series } from './guards/promql-run.ts';
import { conditionsOf, MONITORED } from './monitored.ts';

const labels = (of: string, more: object): Series['labels'] => ({ monitored_resource: of, ...more });
/** So many lines that a log-based metric counts, or measures as `<name>_count`. */
const lines = (name: string, value: number, more: object = {}): Series => ({
  name: `logging_googleapis_com:user_acme_dev_${name}`,
  labels: labels('cloud_run_revision', { service_name: 'acme-dev-any', ...more }),
  value,
});
const gauge = (name: string, value: number, queue?: string): Series => ({
  name: `custom_googleapis_com:slipway_${name}`,
  labels: labels('generic_task', { namespace: 'acme-dev', ...(queue === undefined ? {} : { queue }) }),
  value,
});
const requests = (value: number, response_code_class: string, service_name = 'acme-dev-api'): Series => ({
  name: 'run_googleapis_com:request_count',
  labels: labels('cloud_run_revision', { service_name, response_code_class }),
  value,
});
const messages = (name: string, value: number, subscription_id: string): Series => ({
  name: `pubsub_googleapis_com:subscription_${name}`,
  labels: labels('pubsub_subscription', { subscription_id }),
  value,
});
const accepted = (all: number, late: number, via = 'https'): Series[] => [
  lines('jobs_accepted_count', all, { via, is_new: 'true', model: 'm' }),
  lines('late_answers', late, { via, model: 'm' }),
];
const told = (all: number, late: number, event = 'job.succeeded'): Series[] => [
  lines('told_time_count', all, { event }),
  lines('late_webhooks', late, { event }),
];
const runs = (model: string, all: number, long: number): Series[] => [
  lines('run_time_count', all, { model, queue: 'q' }),
  lines('long_runs', long, { model, queue: 'q' }),
];
const ended = (outcome: string, value: number, error_kind = ''): Series =>
  lines('jobs_ended', value, { model: 'm', outcome, error_kind, queue: 'q' });
const queue = (name: string, oldest: number, held: number): Series[] => [
  gauge('oldest_queued_seconds', oldest, name),
  gauge('held_slots', held, name),
];

// Of the models here: documents may have 423 s, chemistry 363 s, and half a day where workers are there.
const HERE = 'documents@us-central1';
const M = [{ model: 'm' }];
const NO = [] as const;
const FIRES = [{}] as const;
const CASES: readonly [alert: string, when: string, Series[], readonly object[]][] = [
  ['server_errors', 'one answer in fifty is 5xx', [requests(950, '2xx'), requests(20, '5xx')], FIRES],
  ['server_errors', 'one in two hundred is', [requests(1_990, '2xx'), requests(10, '5xx')], NO],
  ['server_errors', 'all are, of few', [requests(FEW - 1, '5xx')], NO],
  ['server_errors', 'another function’s are', [requests(100, '5xx', 'acme-dev-sweep'), requests(1, '2xx')], NO],
  ['answer_p99', 'one answer in twenty is late', accepted(100, 5), FIRES],
  ['answer_p99', 'one in two hundred is', accepted(2_000, 10), NO],
  ['answer_p99', 'one of five is, which is their 99th percentile', accepted(5, 1), NO],
  ['answer_p99', 'what was published is', [...accepted(100, 50, 'pubsub'), ...accepted(100, 0)], NO],
  ['told_p99', 'one webhook in twenty is late', told(100, 5), FIRES],
  ['told_p99', 'one of five is', told(5, 1), NO],
  ['told_p99', 'that of a start is', [...told(100, 50, 'job.running'), ...told(100, 0)], NO],
  ['long_runs', 'one run in five of a model is long', [...runs('m', 50, 10), ...runs('other', 500, 10)], M],
  ['long_runs', 'one in twenty of a model is, though all of another are', [...runs('m', 200, 10)], NO],
  ['long_runs', 'the only one is', runs('m', 1, 1), NO],
  ['failed_jobs', 'three of five crash', [ended('failed', 3, 'crash'), ended('succeeded', 2)], M],
  ['failed_jobs', 'two of five crash', [ended('failed', 2, 'crash'), ended('succeeded', 3)], NO],
  ['failed_jobs', 'inputs are invalid', [ended('failed', 90, 'invalid_input'), ended('succeeded', 5)], NO],
  ['failed_jobs', 'parents failed', [ended('failed', 90, 'dependency_failed'), ended('succeeded', 5)], NO],
  [
    'failed_jobs',
    'all that ran crash, and more were canceled, expired or wrong',
    [
      ended('failed', 5, 'crash'),
      ended('canceled', 90),
      ended('expired', 90, 'start_deadline'),
      ended('failed', 90, 'invalid_input'),
    ],
    M,
  ],
  [
    'failed_jobs',
    'few ran, and many were canceled or wrong',
    [ended('failed', FEW - 1, 'crash'), ended('canceled', 90), ended('failed', 90, 'invalid_input')],
    NO,
  ],
  ['oldest_queued', 'a job waits and no worker is there', queue(HERE, 500, 0), [{ queue: HERE }]],
  ['oldest_queued', 'it has not waited for long', queue(HERE, 400, 0), NO],
  [
    'oldest_queued',
    'it would be long for another pool',
    queue('chemistry@here', 400, 0),
    [{ queue: 'chemistry@here' }],
  ],
  [
    'oldest_queued',
    'jobs wait for workers that are there, of whatever pool',
    [...queue(HERE, 5_000, 2), ...queue('chemistry@here', 5_000, 1)],
    NO,
  ],
  [
    'oldest_queued',
    'workers are there, of another region',
    [...queue(HERE, 500, 0), ...queue('documents@europe-west4', 0, 2)],
    [{ queue: HERE }],
  ],
  ['queue_behind', 'more than half its time is over, whoever is there', queue(HERE, 43_300, 2), [{ queue: HERE }]],
  ['queue_behind', 'less than half its time is over', queue(HERE, 43_000, 2), NO],
  ['failing_boots', 'three launches in a row came to nothing', [gauge('boot_failures', 3, HERE)], [{ queue: HERE }]],
  ['failing_boots', 'two did', [gauge('boot_failures', 2, HERE)], NO],
  ['open_events', 'more than a thousand are open', [gauge('open_events', 1_001)], FIRES],
  ['open_events', 'a thousand are', [gauge('open_events', 1_000)], NO],
  ['sweep_silent', 'there are other gauges, but no open events', queue(HERE, 0, 0), FIRES],
  ['sweep_silent', 'no event is open', [gauge('open_events', 0)], NO],
  [
    'sweep_failures',
    'a duty fails six times',
    [lines('sweep_steps_failed', 6, { what: 'slots' })],
    [{ what: 'slots' }],
  ],
  [
    'sweep_failures',
    'two duties fail three times',
    ['a', 'b'].map((what) => lines('sweep_steps_failed', 3, { what })),
    NO,
  ],
  ['function_errors', 'there are many', [lines('function_errors', 21)], [{ service_name: 'acme-dev-any' }]],
  ['function_errors', 'there are some', [lines('function_errors', 20)], NO],
  ['rejected_messages', 'many are', [lines('messages_rejected', 21, { function: 'intake' })], [{ function: 'intake' }]],
  ['rejected_messages', 'some are', [lines('messages_rejected', 20, { function: 'intake' })], NO],
  [
    'oldest_unacked',
    'an event is not taken',
    [messages('oldest_unacked_message_age', 301, 'eventarc-nudges')],
    [{ subscription_id: 'eventarc-nudges' }],
  ],
  ['oldest_unacked', 'another’s is not', [messages('oldest_unacked_message_age', 900, 'other')], NO],
  [
    'dead_letters',
    'there is one',
    [messages('num_undelivered_messages', 1, 'acme-dev-dead')],
    [{ subscription_id: 'acme-dev-dead' }],
  ],
  ['dead_letters', 'there is none', [messages('num_undelivered_messages', 0, 'acme-dev-dead')], NO],
];

(whyNot === null ? describe : describe.skip)('an alert', () => {
  let conditions: ReadonlyMap<string, string>;
  beforeAll(() => {
    const resources = applied(join(TERRAFORM, 'modules/monitoring'), MONITORED);
    conditions = conditionsOf(resources.filter(({ type }) => type === 'google_monitoring_alert_policy'));
  }, 60_000);
  const queryOf = (alert: string): string => conditions.get(alert) ?? `there is no ${alert}`;
  const firing = (alert: string, series: readonly Series[]): object[] =>
    answerOf(queryOf(alert), series).map((row) => row.labels);

  test.each(CASES)('%s: %s', (alert, _, series, fires) => {
    expect(firing(alert, series)).toEqual(fires);
  });

  test('is tried here to fire, and not to', () => {
    for (const fires of [true, false]) {
      const tried = CASES.filter(([, , , expected]) => expected.length > 0 === fires).map(([alert]) => alert);
      expect([...new Set(tried)].sort()).toEqual([...conditions.keys()].sort());
    }
  });

  test('on failing jobs goes by each kind of error but those that are the user’s', () => {
    const silent = ErrorKind.options.filter((kind) => firing('failed_jobs', [ended('failed', FEW, kind)]).length === 0);
    expect(silent).toEqual(['invalid_input', 'dependency_failed']);
  });

  test('counts over the times of the list', () => {
    expect(queryOf('server_errors')).toContain(`[${WINDOWS.requests}s]`);
    expect(queryOf('answer_p99')).toContain(`[${WINDOWS.lines}s]`);
    expect(queryOf('failed_jobs')).toContain(`[${WINDOWS.jobs}s]`);
    expect(THRESHOLDS.answer_p99.share).toBe(0.01);
  });
});
