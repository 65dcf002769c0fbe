import { z } from 'zod';
import type { Clock, Log } from '../domain/ports.ts';
import { spawnGuarded, type Exit, type GuardedChild } from '../host/child.ts';
import { readLines } from '../host/lines.ts';

export interface ExecutionsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What a worker has between SIGTERM and SIGKILL: on Cloud Run 10 s. */
  readonly graceMs?: number;
}

export interface ExecutionStart {
  /** Of its own among all executions ever. */
  readonly name: string;
  readonly program: readonly [string, ...string[]];
  /** An existing folder. */
  readonly cwd: string;
  /** All that the process gets. */
  readonly env: Readonly<Record<string, string>>;
}

/** Executions as processes of this machine: one is one child process and its group, which dies with this one. */
export interface Executions {
  /** @throws Error if no process can be started there at all */
  start(execution: ExecutionStart): void;
  /** Asks a running one to end: SIGTERM to it alone, SIGKILL to its group after the grace. Nothing where none of this name runs. */
  cancel(name: string): void;
  isRunning(name: string): boolean;
  /** Tells of each that has ended, by itself or not. Returns the stop. */
  onExit(listener: (name: string, exit: Exit) => void): () => void;
  /** Cancels all; resolves when none is left. Idempotent. */
  stop(): Promise<void>;
}

/** All that a worker gets of this process's environment: no secret of ours is in there. */
const INHERITED = /^(PATH|HOME|LANG|LC_[A-Z]+|TZ|TMPDIR|LD_LIBRARY_PATH|(NVIDIA|CUDA)_\w+)$/;
const MAX_LINE = 8_192;
const TAIL_LINES = 20;

/** A line as `jsonLog` writes it. */
const LogLine = z.strictObject({
  time: z.iso.datetime(),
  severity: z.enum(['INFO', 'ERROR']),
  message: z.string(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** The part of an environment that a worker may have. */
export function inheritedEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const pairs = Object.entries(env).filter(
    (pair): pair is [string, string] => INHERITED.test(pair[0]) && pair[1] !== undefined,
  );
  return Object.fromEntries(pairs);
}

/** What they print is logged line by line under their names. */
export function processExecutions({ clock, log, graceMs = 10_000 }: ExecutionsOptions): Executions {
  const running = new Map<string, GuardedChild>();
  const ending = new Set<string>();
  const listeners = new Set<(name: string, exit: Exit) => void>();

  const follow = (name: string, child: GuardedChild): void => {
    const tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      readLines(stream, MAX_LINE, (line) => {
        passOn(log, name, line);
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
      });
    }
    running.set(name, child);
    void child.exited.then((exit) => {
      running.delete(name);
      const wasAsked = ending.delete(name);
      reportExit(log, name, exit, tail, wasAsked);
      for (const listener of [...listeners]) listener(name, exit);
    });
  };

  /** To the worker alone, which then ends its runners itself; the group goes with it, or after the grace. */
  const cancel = (name: string): void => {
    const child = running.get(name);
    if (child === undefined || ending.has(name)) return;
    ending.add(name);
    try {
      process.kill(child.pid, 'SIGTERM');
    } catch {
      return; // It has ended; `exited` is on its way.
    }
    const callOff = clock.after(graceMs, () => child.kill('SIGKILL'));
    void child.exited.then(callOff);
  };

  return {
    start({ name, program: [program, ...args], cwd, env }) {
      follow(name, spawnGuarded(program, args, { cwd, env }));
    },
    cancel,
    isRunning: (name) => running.has(name),
    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      const left = [...running];
      for (const [name] of left) cancel(name);
      await Promise.all(left.map(([, child]) => child.exited));
    },
  };
}

/** A worker's own log lines stay what they are; whatever else its process prints is logged as it stands. */
function passOn(log: Log, execution: string, line: string): void {
  const own = logLine(line);
  if (own === null) log.info(`${execution}: ${line}`);
  else log[own.severity === 'ERROR' ? 'error' : 'info'](own.message, { ...own.fields, execution });
}

function logLine(line: string): z.infer<typeof LogLine> | null {
  if (!line.startsWith('{')) return null;
  try {
    return LogLine.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function reportExit(
  log: Log,
  execution: string,
  { code, signal }: Exit,
  tail: readonly string[],
  wasAsked: boolean,
): void {
  // One that was asked to go while it was still loading has had no time to do so politely.
  if (code === 0 || (wasAsked && signal !== 'SIGKILL')) return log.info('worker ended', { execution, code, signal });
  log.error('worker failed', { execution, code, signal, lastLines: tail.join('\n') });
}
