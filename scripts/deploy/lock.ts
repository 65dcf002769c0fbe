import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DeployError } from './errors.ts';

const SQLITE_BUSY = 5;

/**
 * Holds this checkout, since `dist` and the folders of Terraform are one deployment's at a time. What counts is the operating
 * system's lock, which goes with its holder however that ends; the file beside it only says who that is.
 * @returns what lets go of it
 * @throws DeployError while another deployment has it
 */
export function holdCheckout(root: string, what: string): () => void {
  const file = join(root, 'dist/deploy.lock');
  const ownerFile = `${file}.json`;
  mkdirSync(dirname(file), { recursive: true });
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw new DeployError(
      `Another deployment of this checkout runs: ${ownerIn(ownerFile)}. Wait for its end, or use a second checkout (git worktree add).`,
    );
  }
  writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, what }));
  return () => {
    rmSync(ownerFile, { force: true });
    lock.close();
  };
}

function ownerIn(file: string): string {
  try {
    const { pid, what } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; what: string };
    return `process ${pid}, ${what}`;
  } catch {
    return 'it has not said yet which';
  }
}
