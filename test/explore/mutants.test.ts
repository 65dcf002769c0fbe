import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MUTANTS, type Mutant } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
const NEEDED = ['domain', 'functions', 'eventarc', 'test/explore', 'test/domain', 'package.json'];
const TIMEOUT_MS = 120_000;

describe('each guard is needed: without it, an exploration fails', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-mutants-'));
    for (const part of NEEDED) await cp(join(ROOT, part), join(folder, part), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const mutant of MUTANTS) {
    test(
      `${mutant.name} (${mutant.scenario})`,
      async () => {
        const { code, output } = await exploreWith(folder, mutant);
        expect(output).toContain(`VIOLATION in ${mutant.scenario}: `);
        expect(code).toBe(1);
      },
      TIMEOUT_MS,
    );
  }
});

async function exploreWith(folder: string, { patches, scenario }: Mutant): Promise<{ code: number; output: string }> {
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
      execFile(process.execPath, ['test/explore/main.ts', scenario], { cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }),
      );
    });
  } finally {
    for (const file of files) await cp(join(ROOT, file), join(folder, file));
  }
}
