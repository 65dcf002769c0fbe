import type { Committer, StoreCommitter } from './commits.ts';
import type { Flags } from './flags.ts';
import { measureHops, measureThroughput, type Hops, type Throughput } from './jobs.ts';
import { latencyOf, type Latency } from './measure.ts';
import type { NoopModel, NoopStack } from './noop-stack.ts';

export interface Commits extends Latency {
  readonly perSecond: number;
}

/** All that is measured, once. */
export interface Round {
  readonly bare: Commits;
  readonly store: Commits;
  readonly groupedPerSecond: number;
  readonly hops: Hops;
  readonly one: Throughput;
  readonly three: Throughput;
}

export interface Subjects {
  readonly bare: Committer;
  readonly store: StoreCommitter;
  readonly stack: NoopStack;
  readonly one: NoopModel;
  readonly three: NoopModel;
}

/** Bare commits are spread over the round, since they are what all else in it is held against. */
export async function measureRound(subjects: Subjects, flags: Flags, random: () => number): Promise<Round> {
  const { bare, store, stack } = subjects;
  const load = { jobs: flags.jobs, inFlight: flags.inflight };
  const third = Math.ceil(flags.commits / 3);
  const bareTimes = await bare.times(third);
  const storeTimes = await store.times(flags.commits);
  const groupedPerSecond = await store.grouped(flags.commits, flags.inflight);
  const hops = await measureHops(stack, subjects.one, flags.hops, random);
  bareTimes.push(...(await bare.times(third)));
  const one = await measureThroughput(stack, subjects.one, load);
  const three = await measureThroughput(stack, subjects.three, load);
  bareTimes.push(...(await bare.times(third)));
  return { bare: commitsOf(bareTimes), store: commitsOf(storeTimes), groupedPerSecond, hops, one, three };
}

function commitsOf(times: readonly number[]): Commits {
  const tookMs = times.reduce((sum, time) => sum + time, 0);
  return { ...latencyOf(times), perSecond: times.length / (tookMs / 1_000) };
}
