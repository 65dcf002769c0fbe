import { parseArgs } from 'node:util';
import { lazyFirestore } from '../cloud/firestore/client.ts';
import { useEmulators } from '../emulators/emulators.ts';
import { systemRandom } from '../host/random.ts';
import { contend, type Contention } from '../test/emulators/contention.ts';
import { bornWrites } from './commits.ts';
import { inParallel, median } from './measure.ts';

const options = {
  rounds: { type: 'string', default: '3' },
  jobs: { type: 'string', default: '200' },
  workers: { type: 'string', default: '20' },
} as const;
const flags = ((): Record<keyof typeof options, string> => {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\nThe flags are --rounds N, --jobs N and --workers N.`);
    process.exit(1);
  }
})();
const [rounds, jobs, workers] = [flags.rounds, flags.jobs, flags.workers].map((text) => {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  console.error(`--rounds, --jobs and --workers are whole numbers from 1, not ${text}`);
  process.exit(1);
}) as [number, number, number];

const emulators = await useEmulators(process.env);
try {
  const seen: (Contention & { readonly bare: number })[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = await bareCommits();
    const run = await contend(emulators.firestore, { jobs, workers });
    seen.push({ ...run, bare: (before + (await bareCommits())) / 2 });
  }
  const of = (label: string, value: (run: (typeof seen)[number]) => number): void => {
    const values = seen.map(value);
    const range = `${Math.min(...values).toFixed(2)}..${Math.max(...values).toFixed(2)}`;
    console.log(`  ${label.padEnd(42)}${median(values).toFixed(2).padStart(10)}${range.padStart(20)}`);
  };
  console.log(`emulator: ${jobs} jobs, ${workers} workers on one queue, ${rounds} rounds; median and range\n`);
  of('documents written, to create a job', (run) => run.billed.create.writes / jobs);
  of('documents written, a job in all', (run) => run.billed.all.writes / jobs);
  of('documents read, a job in all', (run) => run.billed.all.reads / jobs);
  of('jobs run more than once', (run) => [...run.runs.values()].filter((count) => count > 1).length);
  of('most workers at once', (run) => run.mostWorkers);
  of('jobs a second', (run) => jobs / (run.tookMs / 1_000));
  of('bare commits a second, same round', (run) => run.bare);
  of('jobs / bare commits', (run) => jobs / (run.tookMs / 1_000) / run.bare);
} finally {
  await emulators.stop();
}

/** Commits a second of a new job's two documents with the bare client, as many in flight as there are workers. */
async function bareCommits(): Promise<number> {
  const client = lazyFirestore({
    projectId: `bench-${systemRandom.hex(8)}`,
    databaseId: '(default)',
    endpoints: { firestore: emulators.firestore },
  });
  const firestore = await client.get();
  const beganMs = performance.now();
  await inParallel(jobs, workers, async () => {
    const batch = firestore.batch();
    for (const write of bornWrites())
      if (write.kind === 'create') batch.create(firestore.doc(write.ref.path), { ...write.data });
    await batch.commit();
  });
  const perSecond = jobs / ((performance.now() - beganMs) / 1_000);
  await client.close();
  return perSecond;
}
