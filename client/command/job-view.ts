import type { JobResource, JobSummary } from '../../domain/contract/http.ts';
import { percentOf } from '../../domain/contract/job.ts';
import type { Context } from './spec.ts';
import { COLOUR_OF } from './paint.ts';
import { clipped, fields, shownJson, span, table } from './text.ts';

const LINES_OF_JSON = 20;

/** A job for people: what it is, how it stands, where its time went, and what came of it. */
export function jobLines({ width, paint }: Pick<Context, 'width' | 'paint'>, job: JobResource): string[] {
  const whole = `slipway get ${job.id} --json`;
  const rows = rowsOf(job);
  const lines = fields(rows, width).map((line, i) => (i === 2 ? painted(line, job.state, paint) : line));
  const { artifacts, output, outputUrl = null } = job;
  return [
    ...lines,
    ...(output === null || output === undefined
      ? []
      : ['', 'Output:', ...shownJson(output, width, LINES_OF_JSON, whole)]),
    ...(outputUrl === null ? [] : ['', clipped(`Output, which is large: slipway get ${job.id} --output`, width)]),
    ...(artifacts.length === 0
      ? []
      : [
          '',
          clipped(`Files (their addresses: ${whole}):`, width),
          ...table(
            [
              { head: 'NAME', gives: true },
              { head: 'SIZE', align: 'right' },
              { head: 'TYPE', gives: true },
            ],
            artifacts.map(({ name, sizeBytes, contentType }) => [name, `${sizeBytes} B`, contentType]),
            width,
          ),
        ]),
  ];
}

function painted(line: string, state: JobResource['state'], paint: Context['paint']): string {
  const at = line.indexOf(state);
  return at < 0 ? line : line.slice(0, at) + paint(COLOUR_OF[state], state) + line.slice(at + state.length);
}

function rowsOf(job: JobResource): [string, string][] {
  const { timing, blocked, progress, error, cost } = job;
  const times = (
    [
      ['waited', timing.queuedSeconds],
      ['of it boot', timing.bootSeconds],
      ['ran', timing.runSeconds],
    ] as const
  ).flatMap(([name, seconds]) => (seconds === null ? [] : [`${name} ${span(seconds * 1_000)}`]));
  const rows: [string, string | null][] = [
    ['job', job.id],
    ['model', job.model],
    [
      'state',
      `${job.state}${blocked === null ? '' : `: ${blocked.reason}${blocked.until === null ? '' : ` until ${blocked.until}`}`}`,
    ],
    ['error', error === null ? null : `${error.kind}: ${error.message}`],
    ['progress', progress === null || job.finishedAt !== null ? null : progressOf(progress)],
    ['attempt', job.attempt === 0 ? null : String(job.attempt)],
    ['created', job.createdAt],
    ['finished', job.finishedAt],
    ['kept until', job.purgeAt],
    ['time', times.length === 0 ? null : times.join(', ')],
    ['cost', cost === null ? null : `${cost.totalUsd.toFixed(6)} USD (${cost.hardware}, ${cost.priceDate})`],
    ['after', job.dependsOn.length === 0 ? null : job.dependsOn.join(' ')],
    ...Object.entries(job.metadata).map(([name, value]): [string, string] => ['metadata', `${name}=${value}`]),
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [[name, value] as [string, string]]));
}

const progressOf = ({ fraction, message }: { fraction: number | null; message: string | null }): string =>
  [fraction === null ? null : `${percentOf(fraction)} %`, message].filter(Boolean).join('  ');

/** Jobs as a table, newest first as they come. */
export function jobTable(
  { width, paint }: Pick<Context, 'width' | 'paint'>,
  jobs: readonly JobSummary[],
  nowMs: number,
): string[] {
  return table(
    [
      { head: 'ID' },
      { head: 'STATE' },
      { head: 'MODEL', gives: true },
      { head: 'AGE', align: 'right' },
      { head: 'RAN', align: 'right' },
      { head: 'WHY', gives: true },
    ],
    jobs.map((job) => [
      job.id,
      job.state,
      job.model,
      span(nowMs - Date.parse(job.createdAt)),
      job.timing.runSeconds === null ? '' : span(job.timing.runSeconds * 1_000),
      job.error?.kind ?? job.blocked?.reason ?? '',
    ]),
    width,
    (cell, row, column) => (column === 1 ? paint(COLOUR_OF[jobs[row]?.state ?? 'queued'], cell) : cell),
  );
}
