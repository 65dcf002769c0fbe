import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** A new folder of a test's own. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  made.push(folder);
  return folder;
}

/** Removes every folder that this test file asked for. */
export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
