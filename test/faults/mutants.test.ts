import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
const NEEDED = [
  ...['domain', 'functions', 'eventarc', 'host', 'local', 'gpu-job', 'cloud/deadline.ts'],
  ...['test/faults', 'test/domain', 'test/local', 'package.json'],
];
const TIMEOUT_MS = 120_000;
const AT_RANDOM = 'an event that is counted and told of by one that has not closed it';

describe('each guard is needed: without it, the fault harness fails', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-faulty-'));
    for (const part of NEEDED) {
      await mkdir(dirname(join(folder, part)), { recursive: true });
      await cp(join(ROOT, part), join(folder, part), {
        recursive: true,
        filter: (from) => !from.includes('gpu-job/models/'),
      });
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const { name, scenario, fault, invariant, patches } of MUTANTS) {
    test(
      `${name} (${scenario}, ${fault}: ${invariant})`,
      async () => {
        const { code, output } = await harnessWith(folder, patches, ['--scenario', scenario, '--fault', fault]);
        expect(output).toMatch(new RegExp(`VIOLATION in ${scenario}, .*[:;] ${invariant}: `));
        expect(code).toBe(1);
      },
      TIMEOUT_MS,
    );
  }

  test(
    'by runs at random too, of which the one that fails is the same again by its seed',
    async () => {
      const { patches, invariant } = MUTANTS.find(({ name }) => name === AT_RANDOM) as Mutant;
      const { code, output } = await harnessWith(folder, patches, ['--seeds', '60', '--seed', '1']);
      expect(code).toBe(1);
      const [, seed = '', why = ''] = /VIOLATION in seed (\d+): (.*)/.exec(output) ?? [];
      expect(why).toContain(`${invariant}: `);
      const again = await harnessWith(folder, patches, ['--seed', seed]);
      expect(again.code).toBe(1);
      expect(again.output).toContain(`VIOLATION in seed ${seed}: ${why}`);
      const guarded = await harnessWith(folder, [], ['--seed', seed]);
      expect(guarded.output).toContain(`seed ${seed}: as it should be`);
      expect(guarded.code).toBe(0);
    },
    TIMEOUT_MS,
  );
});

async function harnessWith(
  folder: string,
  patches: Mutant['patches'],
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  const files = new Set(patches.map(({ file }) => file));
  try {
    for (const { file, from, to } of patches) {
      const text = await readFile(join(folder, file), 'utf8');
      // A text that has moved on would leave the guard in place, and the mutant alive for the wrong reason.
      if (text.split(from).length !== 2) throw new Error(`${file} does not have exactly one: ${from}`);
      await writeFile(
        join(folder, file),
        text.replace(from, () => to),
      );
    }
    return await new Promise((resolve) => {
      execFile(
        process.execPath,
        ['test/faults/main.ts', ...args],
        { cwd: folder, maxBuffer: 1 << 26 },
        (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }),
      );
    });
  } finally {
    for (const file of files) await cp(join(ROOT, file), join(folder, file));
  }
}
