import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/**
 * Runs `"$@"` as the leader of its own process group beside a guard in that group: when the last holder of the other end of
 * descriptor 3 is gone, the guard kills the group. It ignores TERM and INT, so that a polite end of the group is not cut short.
 */
const GUARD = '(trap "" TERM INT; cat <&3 >/dev/null 2>&1; kill -KILL 0) & exec 3<&-; exec "$@"';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedChild {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the program itself has ended and its output is closed or 1 s has passed; whatever it left behind in its group is killed first. */
  readonly exited: Promise<Exit>;
  /** Signals the whole process group. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts a program in a process group of its own that does not outlive this process, however either of them ends: a SIGKILL
 * of this process, or of the program, takes the whole group with it. This is what a container's end does on Cloud Run.
 * A program that cannot be found ends with code 127, as the shell says it.
 * @throws Error if no process can be started there at all
 */
export function spawnGuarded(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): GuardedChild {
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', program, ...args], {
    cwd: options.cwd,
    env: { ...options.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  // Without a listener the event of a failed start would end this process.
  child.on('error', () => undefined);
  if (pid === undefined) throw new Error(`cannot start a process in ${options.cwd}`);
  const life = child.stdio[3] as Writable;
  life.on('error', () => undefined);
  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // The group has ended already.
    }
  };
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      kill('SIGKILL');
      life.destroy();
      const done = (): void => {
        clearTimeout(timer);
        resolve({ code, signal });
      };
      const timer = setTimeout(done, 1_000);
      child.once('close', done);
    });
  });
  return { pid, stdout: child.stdio[1] as Readable, stderr: child.stdio[2] as Readable, exited, kill };
}
