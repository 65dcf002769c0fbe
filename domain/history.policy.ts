import type { Job } from './contract/job.ts';
import type { FieldOf, Part } from './query.ts';

/** How many of a tenant's last succeeded jobs of a model are looked at. */
export const HISTORY_JOBS = 20;
/** What is read of each. */
export const HISTORY_FIELDS = ['attempts', 'cost', 'finishedAtMs'] as const satisfies readonly FieldOf<Job>[];
type HistoryField = (typeof HISTORY_FIELDS)[number];
/** Of fewer nothing is concluded. */
const ENOUGH = 3;

/** The middle of what was measured, and what nine of ten stayed below. */
export interface Spread {
  readonly median: number;
  readonly p90: number;
}

/** What is taken of one job that has succeeded: a few numbers, so that the job itself need not be kept. */
export interface Sample {
  readonly finishedAtMs: number;
  readonly runMs: number;
  /** Of each worker that was started for it: from reserving its slot to ready, and the part in which the model loaded. */
  readonly boots: readonly { readonly bootMs: number; readonly loadMs: number | null }[];
  /** Null where it is not reckoned yet, or was by the price of other hardware. */
  readonly costUsd: number | null;
}

/** What the last jobs tell. A figure is null where there are too few to tell. */
export interface History {
  readonly jobs: number;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly runMs: Spread | null;
  readonly bootMs: Spread | null;
  readonly loadMs: Spread | null;
  readonly costUsd: Spread | null;
}

/** What can be learnt of a job; null of one that has run nothing to its end. */
export function sampleOf({ attempts, cost, finishedAtMs }: Part<Job, HistoryField>, hardware: string): Sample | null {
  const last = attempts.at(-1);
  if (last?.outcome !== 'succeeded' || last.endedAtMs === null || finishedAtMs === null) return null;
  return {
    finishedAtMs,
    runMs: last.endedAtMs - last.startedAtMs,
    boots: attempts.flatMap(({ cold, bootMs, loadMs }) => (cold && bootMs !== null ? [{ bootMs, loadMs }] : [])),
    costUsd: cost?.hardware === hardware ? cost.totalUsd : null,
  };
}

export function historyOf(samples: readonly Sample[]): History {
  const ends = samples.map(({ finishedAtMs }) => finishedAtMs);
  const boots = samples.flatMap((sample) => sample.boots);
  return {
    jobs: samples.length,
    fromMs: ends.length === 0 ? null : Math.min(...ends),
    toMs: ends.length === 0 ? null : Math.max(...ends),
    runMs: spreadOf(samples.map(({ runMs }) => runMs)),
    bootMs: spreadOf(boots.map(({ bootMs }) => bootMs)),
    loadMs: spreadOf(boots.flatMap(({ loadMs }) => loadMs ?? [])),
    costUsd: spreadOf(samples.flatMap(({ costUsd }) => costUsd ?? [])),
  };
}

/** Of an even number the median is between the two in the middle; the 90th percentile is one that was measured. */
function spreadOf(values: readonly number[]): Spread | null {
  if (values.length < ENOUGH) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (i: number): number => sorted[i] ?? 0;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    p90: at(Math.ceil(0.9 * sorted.length) - 1),
  };
}

/** A duration that is reckoned with, and what it is based on: what was measured, or what the model declares of itself. */
export interface Figure {
  readonly ms: number;
  readonly basis: 'history' | 'model';
}

/** What was measured, where there was enough of it; else what is declared. */
export const figureOf = (measured: Spread | null, declaredMs: number): Figure =>
  measured === null ? { ms: declaredMs, basis: 'model' } : { ms: measured.median, basis: 'history' };

/** A sum stands on what was measured only if all of it does. */
export const basisOf = (...figures: readonly Figure[]): Figure['basis'] =>
  figures.every(({ basis }) => basis === 'history') ? 'history' : 'model';
