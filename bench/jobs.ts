import { setTimeout as pause } from 'node:timers/promises';
import { inParallel, latencyOf, within, type Latency } from './measure.ts';
import type { NoopModel, NoopStack } from './noop-stack.ts';

/** Longer than any of it takes on a slow machine; beyond, something hangs. */
const GIVE_UP_MS = 120_000;
/** Between two jobs sent one at a time, so that they fall into no rhythm with the worker's own calls. */
const PAUSE_MS = { min: 2, max: 20 };

/** Milliseconds of one job after another; each of these ends in a commit, save `answered`. */
export interface Hops {
  readonly submitToStart: Latency;
  readonly submitToSettled: Latency;
  /** POST sent → the job is on the disk. */
  readonly stored: Latency;
  /** POST sent → 201 read by the client. */
  readonly answered: Latency;
  /** On the disk → given to the worker. */
  readonly claimed: Latency;
  /** Given to the worker → its outcome is on the disk. */
  readonly ran: Latency;
  /** Outcome on the disk → no event of the job is open. */
  readonly settled: Latency;
}

/** Sends jobs one at a time to a warm worker. */
export async function measureHops(
  stack: NoopStack,
  model: NoopModel,
  count: number,
  random: () => number,
): Promise<Hops> {
  const times = {
    submitToStart: [] as number[],
    submitToSettled: [] as number[],
    stored: [] as number[],
    answered: [] as number[],
    claimed: [] as number[],
    ran: [] as number[],
    settled: [] as number[],
  };
  for (let i = 0; i < count; i += 1) {
    await pause(PAUSE_MS.min + random() * (PAUSE_MS.max - PAUSE_MS.min));
    const sentMs = performance.now();
    const id = await stack.submit(model);
    times.answered.push(performance.now() - sentMs);
    const at = await within(GIVE_UP_MS, `job ${id}`, stack.watch.settled(id));
    times.submitToStart.push(at.startedMs - sentMs);
    times.submitToSettled.push(at.settledMs - sentMs);
    times.stored.push(at.storedMs - sentMs);
    times.claimed.push(at.startedMs - at.storedMs);
    times.ran.push(at.finishedMs - at.startedMs);
    times.settled.push(at.settledMs - at.finishedMs);
  }
  return {
    submitToStart: latencyOf(times.submitToStart),
    submitToSettled: latencyOf(times.submitToSettled),
    stored: latencyOf(times.stored),
    answered: latencyOf(times.answered),
    claimed: latencyOf(times.claimed),
    ran: latencyOf(times.ran),
    settled: latencyOf(times.settled),
  };
}

export interface Throughput {
  readonly jobsPerSecond: number;
  readonly commitsPerJob: number;
  readonly transactionsPerJob: number;
  readonly conflictsPerJob: number;
  /** Processor time of this process, which holds the stack and its client, but no worker. */
  readonly cpuMsPerJob: number;
  /** How much of the time this process's event loop was busy, 0 to 1. */
  readonly loopBusy: number;
}

/** Submits jobs, so many at a time, and waits until every one is settled. */
export async function measureThroughput(
  stack: NoopStack,
  model: NoopModel,
  { jobs, inFlight }: { readonly jobs: number; readonly inFlight: number },
): Promise<Throughput> {
  const before = stack.watch.counts();
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const beganMs = performance.now();
  const settled: Promise<unknown>[] = [];
  await inParallel(jobs, inFlight, async () => {
    settled.push(stack.watch.settled(await stack.submit(model)));
  });
  await within(GIVE_UP_MS, `${jobs} jobs of ${model.name}`, Promise.all(settled));
  const tookMs = performance.now() - beganMs;
  const cpu = process.cpuUsage(cpuBefore);
  const loop = performance.eventLoopUtilization(loopBefore);
  const after = stack.watch.counts();
  if ((await stack.openEvents()) > 0) throw new Error('events are open although every job is settled');
  return {
    jobsPerSecond: jobs / (tookMs / 1_000),
    commitsPerJob: (after.commits - before.commits) / jobs,
    transactionsPerJob: (after.transactions - before.transactions) / jobs,
    conflictsPerJob: (after.conflicts - before.conflicts) / jobs,
    cpuMsPerJob: (cpu.user + cpu.system) / 1_000 / jobs,
    loopBusy: loop.utilization,
  };
}
