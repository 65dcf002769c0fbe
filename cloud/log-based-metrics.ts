import { SIGNS, THRESHOLDS } from '../domain/alerts.ts';
import { JobState } from '../domain/contract/job.ts';
import type { AcceptedRecord, SettledRecord, TriedRecord } from '../domain/metrics.ts';
import { isTerminal } from '../domain/state.ts';
import { SECOND } from '../domain/time.ts';
import { eventNameOf } from '../domain/webhook-event.ts';

/**
 * The log lines that are counted, and the fields of each that a metric may use. Those of `test/terraform` hold this to what the
 * code writes.
 */
interface Lines {
  settled: SettledRecord;
  'job accepted': AcceptedRecord;
  'webhook tried': TriedRecord;
  'launch failed': { readonly slot: string; readonly reason: string };
  'launch unclear': { readonly slot: string };
  'sweep: a step failed': { readonly what: string };
  'message rejected': { readonly function: string };
}
export type Line = keyof Lines;

/** Lines one may count or measure in one metric. */
interface Counted<L extends Line> {
  readonly help: string;
  readonly lines: readonly L[];
  /** Regular expressions (RE2) that fields must match; a field that is null matches none. */
  readonly where?: Partial<Readonly<Record<keyof Lines[L] & string, string>>>;
  /** Numbers that fields must be greater than. */
  readonly over?: Partial<Readonly<Record<keyof Lines[L] & string, number>>>;
  /** Label: the field, or `field~regular expression` with one group. Few values each, never an id. */
  readonly labels: Readonly<Record<string, (keyof Lines[L] & string) | `${keyof Lines[L] & string}~${string}`>>;
  /** The field that is measured, and how: where it is null, nothing is. */
  readonly value?: keyof Lines[L] & string;
  readonly unit?: 'ms' | '{USD}';
}
/** The same of any line. */
export interface LogMetric {
  readonly help: string;
  readonly lines: readonly Line[];
  readonly where?: Readonly<Record<string, string>>;
  readonly over?: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly unit?: string;
}
const counted = <L extends Line>(metric: Counted<L>): LogMetric => metric as LogMetric;

const where = { model: 'model', queue: 'queue' } as const;
/** A regular expression of these words and no others, for where a whole value is matched. */
export const anyOf = (words: readonly string[]): string => words.join('|').replaceAll('.', '[.]');
/** The events that say how a job ended. */
export const ENDS = JobState.options.filter(isTerminal).map(eventNameOf);

/** What is counted and measured of log lines, by the name of the metric. Errors by function are counted beside them. */
export const LOG_METRICS = {
  jobs_accepted: counted({
    help: 'Requests for jobs that were taken, and how long that took without waiting for the job.',
    lines: ['job accepted'],
    labels: { via: 'via', is_new: 'isNew', model: 'model' },
    value: 'tookMs',
    unit: 'ms',
  }),
  late_answers: counted({
    help: 'Of them those that took too long.',
    lines: ['job accepted'],
    over: { tookMs: THRESHOLDS.answer_p99.most * SECOND },
    labels: { via: 'via', model: 'model' },
  }),
  job_events: counted({ help: 'Settled events.', lines: ['settled'], labels: { event: 'event', ...where } }),
  jobs_ended: counted({
    help: 'Jobs that ended, by how they did.',
    lines: ['settled'],
    where: { event: `^(${anyOf(ENDS)})$` },
    labels: { outcome: 'event~^job[.](.+)$', error_kind: 'errorKind', ...where },
  }),
  attempts_failed: counted({
    help: 'Attempts that failed, by the kind of error.',
    lines: ['settled'],
    where: { errorKind: '^[a-z_]+$' },
    labels: { error_kind: 'errorKind', ...where },
  }),
  queued_time: counted({
    help: 'From queued to started.',
    lines: ['settled'],
    labels: where,
    value: 'queuedMs',
    unit: 'ms',
  }),
  run_time: counted({
    help: 'From started to finished.',
    lines: ['settled'],
    labels: where,
    value: 'runMs',
    unit: 'ms',
  }),
  long_runs: counted({
    help: 'Of them those that took nearly all the time that their model has.',
    lines: ['settled'],
    over: { runShare: SIGNS.long_runs.most },
    labels: where,
  }),
  cost: counted({
    help: 'What the attempts of a job cost, in US dollars.',
    lines: ['settled'],
    labels: where,
    value: 'costUsd',
    unit: '{USD}',
  }),
  told_time: counted({
    help: 'From a job’s event to the first try of its webhook.',
    lines: ['webhook tried'],
    labels: { event: 'event' },
    value: 'toldMs',
    unit: 'ms',
  }),
  late_webhooks: counted({
    help: 'Of them those that came too late.',
    lines: ['webhook tried'],
    over: { toldMs: THRESHOLDS.told_p99.most * SECOND },
    labels: { event: 'event' },
  }),
  webhook_tries: counted({
    help: 'Tries of webhooks, by what became of the delivery.',
    lines: ['webhook tried'],
    labels: { state: 'state' },
  }),
  launches_failed: counted({
    help: 'Launches that failed or are unclear.',
    lines: ['launch failed', 'launch unclear'],
    labels: { queue: 'slot~^(.+)~[0-9]+$' },
  }),
  sweep_steps_failed: counted({
    help: 'Steps of sweep that failed, by what it looked for.',
    lines: ['sweep: a step failed'],
    labels: { what: 'what' },
  }),
  messages_rejected: counted({
    help: 'Messages that could not be understood, by the function that they came to.',
    lines: ['message rejected'],
    labels: { function: 'function' },
  }),
} as const;

/** A log-based metric as Cloud Logging wants it: filter and extractors, without which services it counts. */
export interface LogMetricSpec {
  readonly description: string;
  readonly filter: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Null where lines are counted and nothing is measured. */
  readonly value: { readonly extractor: string; readonly unit: string } | null;
}

/** All metrics that are made of log lines. */
export function logMetricSpecs(): Readonly<Record<string, LogMetricSpec>> {
  const specs = Object.entries(LOG_METRICS).map(([name, metric]) => [name, specOf(metric)] as const);
  return Object.fromEntries([...specs, ['function_errors', errorsSpec()] as const]);
}

/** Also what the platform says of a container, such as that it has crashed; but a 5xx is in a metric of Google's. */
function errorsSpec(): LogMetricSpec {
  const own = new Set((Object.values(LOG_METRICS) as readonly LogMetric[]).flatMap(({ lines }) => lines));
  const said = [...own].map((line) => JSON.stringify(line)).join(' OR ');
  return {
    description: 'Lines of severity ERROR that no other metric counts.',
    filter: `severity>=ERROR AND NOT log_id("run.googleapis.com/requests") AND NOT jsonPayload.message=(${said})`,
    labels: {},
    value: null,
  };
}

function specOf({ help, lines, where = {}, over = {}, labels, value, unit }: LogMetric): LogMetricSpec {
  const field = (name: string): string => `jsonPayload.fields.${name}`;
  const said = lines.map((line) => JSON.stringify(line)).join(' OR ');
  const conditions = [
    lines.length === 1 ? `jsonPayload.message=${said}` : `jsonPayload.message=(${said})`,
    ...Object.entries(where).map(([name, pattern]) => `${field(name)}=~${JSON.stringify(pattern)}`),
    ...Object.entries(over).map(([name, most]) => `${field(name)}>${most}`),
    ...(value === undefined ? [] : [`${field(value)}>=0`]),
  ];
  const extractor = (from: string): string => {
    const [name = '', ...pattern] = from.split('~');
    return pattern.length === 0
      ? `EXTRACT(${field(name)})`
      : `REGEXP_EXTRACT(${field(name)}, ${JSON.stringify(pattern.join('~'))})`;
  };
  return {
    description: help,
    filter: conditions.join(' AND '),
    labels: Object.fromEntries(Object.entries(labels).map(([label, from]) => [label, extractor(from)])),
    value: value === undefined ? null : { extractor: `EXTRACT(${field(value)})`, unit: unit ?? '1' },
  };
}
