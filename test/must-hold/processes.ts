import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The environment of a living process of ours, null once it is gone. */
export function environmentOf(pid: number): Record<string, string> | null {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    return Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
  } catch {
    return null;
  }
}

/** Processes whose environment has this pair: an execution's worker, or all workers of a data folder. */
export function processesWith(name: string, fits: (value: string) => boolean): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isAlive(pid))
    .filter((pid) => fits(environmentOf(pid)?.[name] ?? '\0'));
}

/**
 * The environment of each living worker of a stack that runs in this process, on this data folder. A worker's guard, and for
 * a moment each child it starts, has the same environment; its parent tells them apart.
 */
export function workersBelow(dataFolder: string): Record<string, string>[] {
  return processesWith('TMPDIR', (value) => value.startsWith(`${dataFolder}/`))
    .filter((pid) => parentOf(pid) === process.pid)
    .map(environmentOf)
    .filter((env) => env !== null);
}

/** Null once the process is gone. */
function parentOf(pid: number): number | null {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return null;
  }
}

/** Whether a process is there and not a zombie that only waits to be collected. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Every process of a group. */
export function groupOf(pgid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,pgid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, group, stat]) => Number(group) === pgid && stat?.startsWith('Z') === false)
    .map(([pid]) => Number(pid));
}
