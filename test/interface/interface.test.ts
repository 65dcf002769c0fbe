import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { HOUR, MINUTE } from '../../domain/time.ts';
import { systemRandom } from '../../host/random.ts';
import type { Clock, Store } from '../../domain/ports.ts';
import { describeOnEmulators, newProject } from '../emulators/here.ts';
import { capturedLog } from '../local/capture-log.ts';
import { removeFolders } from '../local/folder.ts';
import { expectAgreement, expectWholeStories } from './checks.ts';
import { commands, endWork, pass } from './commands.ts';
import { follow, hasEnded, isClaimable, newModel, start, type Model } from './model.ts';
import { makeWorld, type World } from './world.ts';

afterAll(removeFolders);

/** A new one each time; SLIPWAY_SEED plays a failed run again. */
const SEED = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 2 ** 31);

/** Workers that go on until nothing is left: every job that was accepted ends, and ends once; and is kept for as long as it asked. */
async function drain(model: Model, world: World): Promise<void> {
  for (let round = 0; model.jobs.some((job) => !hasEnded(job)); round += 1) {
    if (round > 200) throw new Error(`still not ended: ${JSON.stringify(model.jobs.filter((job) => !hasEnded(job)))}`);
    for (const worker of [0, 1]) {
      if (model.inHand[worker] !== null) await endWork(model, world, worker, 'succeeded');
      await expectAgreement(world, model);
      const id = await world.claim(worker);
      const job = model.jobs.find((one) => one.id === id);
      expect(job === undefined).toBe(!model.jobs.some((one) => isClaimable(model, one)));
      if (job === undefined) continue;
      start(model, job);
      model.inHand[worker] = job;
    }
    if (model.inHand.every((job) => job === null)) pass(model, world, 5 * MINUTE);
    follow(model);
  }
  await expectWholeStories(world, model);
  pass(model, world, HOUR);
  await expectAgreement(world, model);
  await expectWholeStories(world, model);
}

async function agrees(runs: number, calls: number, byTime: boolean, storeOn?: (clock: Clock) => Store): Promise<void> {
  console.log(`interface: seed ${SEED}`);
  const property = fc.asyncProperty(commands(byTime, calls), async (sequence) => {
    // Behind a store that has a clock of its own: what is due by this one would be due there only when that has come so far.
    const startMs = byTime ? Date.UTC(2026, 10, 26) : Date.now() - 4 * HOUR;
    const world = await makeWorld(startMs, storeOn);
    try {
      const model = newModel(startMs);
      await fc.asyncModelRun(() => ({ model, real: world }), sequence);
      await drain(model, world);
    } finally {
      await world.stop();
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: runs, endOnFailure: process.env['CI'] !== undefined });
}

describe('any sequence of calls by several tenants', () => {
  test(
    'is answered as the model of the interface says, shows each tenant its own jobs alone, keeps every limit and ends every job once',
    () => agrees(Number(process.env['SLIPWAY_RUNS'] ?? 15), 40, true),
    HOUR,
  );

  describeOnEmulators("on Google's emulators", ({ firestore }) => {
    test(
      'is answered so, too',
      () =>
        agrees(3, 12, false, (clock) =>
          firestoreStore({
            callMs: 20_000,
            projectId: newProject(),
            databaseId: '(default)',
            endpoints: { firestore },
            clock,
            random: systemRandom,
            log: capturedLog(),
          }),
        ),
      HOUR,
    );
  });
});
