import { describe } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The build that this one must get along with: of the last release once there is one (CONTRIBUTING.md), until then an early one. */
const OLDER = '44efe52';

/** The protocol that no build speaks. */
export const FOREIGN_PROTOCOL = 99;

/** Another build of Slipway, in a folder of its own. */
export interface Build {
  /** What a person starts. */
  readonly start: string;
  /** What a launcher starts. */
  readonly worker: string;
  /** Makes its stack launch the workers of another build. */
  launch(worker: string): void;
  /** Makes its workers speak a protocol that no door knows. */
  speakForeign(): void;
  remove(): void;
}

/** The older build, as its commit has it, with the libraries of this one. */
export function olderBuild(): Build {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-older-'));
  const files = execFileSync('git', ['archive', OLDER], { cwd: ROOT, maxBuffer: 256 * 1024 * 1024 });
  execFileSync('tar', ['-x', '-C', folder], { input: files });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const worker = join(folder, 'gpu-job/start.js');
  return {
    start: join(folder, 'local/start.js'),
    worker,
    launch: (other) => writeFileSync(worker, `await import(${JSON.stringify(other)});\n`),
    speakForeign: () => {
      const file = join(folder, 'domain/contract/door.ts');
      const source = readFileSync(file, 'utf8');
      const changed = source.replace(/^(export const DOOR_PROTOCOL =) \d+;$/m, `$1 ${FOREIGN_PROTOCOL};`);
      if (changed === source) throw new Error(`${OLDER} does not say its protocol in domain/contract/door.ts`);
      writeFileSync(file, changed);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A suite that needs the older build: skipped, and says so, in a source tree without its history. */
export function describeWithOlderBuild(title: string, body: () => void): void {
  const found = spawnSync('git', ['cat-file', '-e', `${OLDER}^{commit}`], { cwd: ROOT });
  if (existsSync(join(ROOT, '.git')) && found.status === 0) describe(title, body);
  else describe.skip(`${title} (skipped: commit ${OLDER} is not in this source tree's history)`, body);
}
