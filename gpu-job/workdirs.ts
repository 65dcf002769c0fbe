import { mkdtempSync, realpathSync, rm, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const removal = promisify(rm);

/** Temporary folders that are gone when the worker is, whatever happened in between. */
export class Workdirs {
  readonly #made = new Set<string>();
  #parent: string | null = null;

  /** A new, empty folder that only this user can enter; its path has no symbolic link in it. */
  async make(purpose: string): Promise<string> {
    const folder = mkdtempSync(join((this.#parent ??= realpathSync(tmpdir())), `slipway-${purpose}-`));
    this.#made.add(folder);
    return folder;
  }

  async remove(folder: string): Promise<void> {
    await removal(folder, { recursive: true, force: true, maxRetries: 3 });
    this.#made.delete(folder);
  }

  /** For a worker that leaves at once. A process that was killed a moment ago may still hold a folder open: tried again, then left. */
  removeAll(): void {
    for (const folder of this.#made) {
      try {
        rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
      } catch {
        // The container, or the machine's own cleaning of its temporary folder, ends it.
      }
    }
    this.#made.clear();
  }
}
