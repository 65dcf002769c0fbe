import { beforeAll, expect, test } from '@jest/globals';
import { contend, type Contention } from '../emulators/contention.ts';
import { describeOnEmulators } from '../emulators/here.ts';

const [JOBS, WORKERS] = [200, 20];

describeOnEmulators('20 workers contending for one queue of 200 jobs on Firestore', ({ firestore }) => {
  let seen: Contention;
  beforeAll(async () => {
    seen = await contend(firestore, { jobs: JOBS, workers: WORKERS });
    const a = (n: number): string => (n / JOBS).toFixed(2);
    const { create, all } = seen.billed;
    process.stdout.write(
      `contention (emulator): ${a(all.reads)} reads and ${a(all.writes)} writes a job, ` +
        `${a(create.writes)} of them to create it; ${Math.round(seen.tookMs)} ms\n`,
    );
  }, 120_000);

  test('each job runs once, and all of them do', () => {
    expect(seen.runs.size).toBe(JOBS);
    expect([...seen.runs.values()].filter((count) => count !== 1)).toEqual([]);
    expect(seen.mostWorkers).toBe(WORKERS);
  });

  test('each job has exactly its three events, and every one of them is settled', () => {
    const byJob = Map.groupBy(seen.events, ({ jobId }) => jobId);
    expect([...byJob.values()].filter((events) => events.length !== 3)).toEqual([]);
    expect(seen.openEvents).toBe(0);
  });

  test('a job costs 2 writes to create, 3 to claim, 3 to finish and 4 to settle', () => {
    const { create, all } = seen.billed;
    expect(create.writes).toBe(2 * JOBS);
    // Three events are closed, the last of them with the cost of the job. What is left over is of slots: reserved, started,
    // taken up and given back, a few writes for each worker.
    const ofJobs = (2 + 3 + 3 + 4) * JOBS;
    expect(all.writes).toBeGreaterThanOrEqual(ofJobs);
    expect(all.writes - ofJobs).toBeLessThanOrEqual(6 * WORKERS);
  });

  test('and at most 25 reads', () => {
    expect(seen.billed.all.reads / JOBS).toBeLessThanOrEqual(25);
  });
});
