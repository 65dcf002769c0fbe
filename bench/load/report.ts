import type { JobResource } from '../../domain/contract/http.ts';
import { THRESHOLDS, type ThresholdName } from '../../domain/alerts.ts';
import { isTerminal } from '../../domain/state.ts';
import { percentile } from '../measure.ts';
import type { Submission } from './arrivals.ts';
import type { Listener } from './listener.ts';

export interface Step {
  readonly name: string;
  readonly count: number;
  /** Seconds. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface Check {
  readonly name: ThresholdName;
  readonly unit: 's' | 'ratio' | 'jobs';
  readonly seen: number | null;
  readonly most: number;
  readonly isOver: boolean;
  readonly meaning: string;
}

export interface Report {
  readonly submitted: number;
  readonly accepted: number;
  readonly states: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly acceptedPerSecond: number;
  readonly endedPerSecond: number;
  readonly steps: readonly Step[];
  readonly checks: readonly Check[];
}

/** What a run has shown. Nothing of it is guessed: a step that nobody went through has a count of 0. */
export function reportOf(
  submissions: readonly Submission[],
  jobs: ReadonlyMap<string, JobResource | null>,
  told: Listener['told'] | null,
): Report {
  const accepted = submissions.filter(({ id }) => id !== null);
  const read = [...jobs.values()].filter((job) => job !== null);
  const ended = read.filter(({ state }) => isTerminal(state));
  const ran = ended.filter(({ startedAt }) => startedAt !== null);
  const toldAfter = ended.flatMap(({ id, finishedAt }) => {
    const at = told?.get(id);
    return at === undefined ? [] : [(at.atMs - ms(finishedAt)) / 1_000];
  });
  const answers = submissions.map(({ dueMs, answeredMs }) => (answeredMs - dueMs) / 1_000);
  const waits = ran.map((job) => (ms(job.startedAt) - ms(job.queuedAt)) / 1_000);
  const steps = [
    stepOf(
      'sent later than due (this program)',
      submissions.map(({ dueMs, sentMs }) => (sentMs - dueMs) / 1_000),
    ),
    stepOf('due to answered', answers),
    stepOf(
      'created to queued',
      ran.map((job) => (ms(job.queuedAt) - ms(job.createdAt)) / 1_000),
    ),
    stepOf('queued to started', waits),
    stepOf(
      '  of it boot, where cold',
      ran.flatMap(({ timing }) => timing.bootSeconds ?? []),
    ),
    stepOf(
      'started to finished',
      ran.map((job) => (ms(job.finishedAt) - ms(job.startedAt)) / 1_000),
    ),
    stepOf('finished to told', toldAfter),
    stepOf(
      'created to finished',
      ran.map((job) => (ms(job.finishedAt) - ms(job.createdAt)) / 1_000),
    ),
  ];
  const first = Math.min(...read.map((job) => ms(job.createdAt)));
  const last = Math.max(...ended.map((job) => ms(job.finishedAt)));
  const spread =
    (Math.max(...submissions.map(({ dueMs }) => dueMs)) - Math.min(...submissions.map(({ dueMs }) => dueMs))) / 1_000;
  const errors = submissions.filter(({ status }) => status === null || status >= 500).length;
  const twice = [...(told?.values() ?? [])].filter(({ states }) => states.size > 1).length;
  const seen: Record<ThresholdName, number | null> = {
    lost_jobs: accepted.length - ended.length,
    ended_twice: told === null ? null : twice,
    server_errors: submissions.length === 0 ? 0 : errors / submissions.length,
    answer_p99: percentile(answers, 0.99),
    oldest_queued: Math.max(0, ...waits),
    told_p99: toldAfter.length === 0 ? null : percentile(toldAfter, 0.99),
  };
  return {
    submitted: submissions.length,
    accepted: accepted.length,
    states: countsOf(read.map(({ state }) => state)),
    faults: countsOf(submissions.flatMap(({ fault }) => fault ?? [])),
    acceptedPerSecond: accepted.length / spread,
    endedPerSecond: ended.length / ((last - first) / 1_000),
    steps,
    checks: (Object.keys(THRESHOLDS) as ThresholdName[]).map((name) => checkOf(name, seen[name])),
  };
}

const ms = (time: string | null): number => (time === null ? NaN : Date.parse(time));

const stepOf = (name: string, seconds: readonly number[]): Step => ({
  name,
  count: seconds.length,
  p50: percentile(seconds, 0.5),
  p90: percentile(seconds, 0.9),
  p99: percentile(seconds, 0.99),
  max: percentile(seconds, 1),
});

function checkOf(name: ThresholdName, seen: number | null): Check {
  const { unit, most, meaning } = THRESHOLDS[name];
  // What is not a number was not seen to hold.
  return { name, unit, seen, most, isOver: seen !== null && !(seen <= most), meaning };
}

function countsOf(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** For a terminal of 80 columns. */
export function reportText(report: Report): string {
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([word, count]) => `${count} ${word}`)
      .join(', ') || 'none';
  const rate = (value: number): string => `${value.toFixed(1)}/s`;
  return [
    `${report.submitted} submitted, ${report.accepted} accepted (${rate(report.acceptedPerSecond)}), ended at ${rate(report.endedPerSecond)}.`,
    `Jobs: ${counts(report.states)}. Refused or failed calls: ${counts(report.faults)}.`,
    '',
    row('seconds', 'count', 'p50', 'p90', 'p99', 'max'),
    ...report.steps.map((step) =>
      row(step.name, String(step.count), ...[step.p50, step.p90, step.p99, step.max].map(figure)),
    ),
    '',
    `${'threshold'.padEnd(18)}${'seen'.padStart(10)}${'most'.padStart(10)}`,
    ...report.checks.flatMap(({ name, seen, most, isOver, meaning }) => [
      `${name.padEnd(18)}${(seen === null ? 'not seen' : figure(seen)).padStart(10)}${figure(most).padStart(10)}  ${isOver ? 'OVER' : seen === null ? '' : 'ok'}`.trimEnd(),
      ...(isOver ? [`  ${meaning}`] : []),
    ]),
  ].join('\n');
}

const row = (name: string, ...figures: string[]): string =>
  `${name.padEnd(36)}${figures.map((figure) => figure.padStart(8)).join('')}`;

const figure = (value: number): string =>
  Number.isNaN(value)
    ? '-'
    : value >= 100 || Number.isInteger(value)
      ? value.toFixed(0)
      : value.toFixed(value < 1 ? 3 : 2);
