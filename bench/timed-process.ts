import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process took from its start to the moment that was waited for. */
export interface Taken {
  readonly wallMs: number;
  /** User and system time of all its threads. */
  readonly cpuMs: number;
  readonly rssMiB: number;
}

export interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts Node with this command and no other environment, and measures until `moment` has come; then the process is killed.
 * @param moment rejects when `gone` is aborted, which says that the process has ended by itself
 */
export async function timed({ args, env }: Command, moment: (gone: AbortSignal) => Promise<void>): Promise<Taken> {
  const gone = new AbortController();
  const said: string[] = [];
  const beganMs = performance.now();
  const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  child.stderr.on('data', (part: Buffer) => said.push(part.toString()));
  child.once('exit', () => gone.abort(new Error(`${args.join(' ')} ended:\n${said.join('')}`)));
  try {
    await moment(gone.signal);
    const wallMs = performance.now() - beganMs;
    return { wallMs, ...usageOf(child.pid ?? 0) };
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

/** As Linux counts it, in nanoseconds; `getrusage` of a living child is nobody's to read. */
function usageOf(pid: number): Pick<Taken, 'cpuMs' | 'rssMiB'> {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { cpuMs: nanoseconds.reduce((a, b) => a + b, 0) / 1e6, rssMiB: kibibytes / 1_024 };
}
