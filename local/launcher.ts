import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { WorkerEnv } from '../domain/contract/door.ts';
import type { Clock, Launcher, LaunchRequest, Log, Random } from '../domain/ports.ts';
import { spawnGuarded, type Exit, type GuardedChild } from '../host/child.ts';
import { readLines } from '../host/lines.ts';

export interface LauncherOptions {
  /** What a worker is: a program and its arguments. */
  readonly program: readonly [string, ...string[]];
  /** An existing folder. */
  readonly cwd: string;
  /** New at each start; stands in the name of each execution. */
  readonly bootId: string;
  /** Where `functions/worker` is; asked at each launch, since the door may start later than the launcher. */
  readonly door: () => { readonly url: string; readonly token: string };
  /** The store's time at this start: no worker of a former run outlives its stack. */
  readonly aliveSinceMs: number;
  readonly modelsFolder?: string;
  /** Where workers put what is temporary: what a killed one left there is cleared away at the next start. */
  readonly tmpFolder?: string;
  /** Whether the models' input may come from this machine's own addresses. */
  readonly allowLoopback: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What a worker has between SIGTERM and SIGKILL: on Cloud Run 10 s. */
  readonly graceMs?: number;
}

export interface ProcessLauncher extends Launcher {
  /** Tells of each execution that has ended, by itself or not, with the slot it was launched for. Returns the stop. */
  onExit(listener: (execution: string, slot: string) => void): () => void;
  /** Ends every worker, group and all, politely first; resolves when none is left. Launches nothing more. Idempotent. */
  stop(): Promise<void>;
}

/** All that a worker gets of this process's environment, beside what its launch tells it: no secret of ours is in there. */
const INHERITED = /^(PATH|HOME|LANG|TMPDIR|LD_LIBRARY_PATH|(NVIDIA|CUDA)_\w+)$/;
const MAX_LINE = 8_192;
const TAIL_LINES = 20;

/** A line as `jsonLog` writes it. */
const LogLine = z.strictObject({
  time: z.iso.datetime(),
  level: z.enum(['info', 'error']),
  message: z.string(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** Cloud Run Jobs, played by processes of this machine: one execution is one child process and its group. */
export function processLauncher(options: LauncherOptions): ProcessLauncher {
  const { clock, log, graceMs = 10_000 } = options;
  const running = new Map<string, GuardedChild>();
  const ending = new Set<string>();
  const listeners = new Set<(execution: string, slot: string) => void>();
  let isStopped = false;

  const environment = (request: LaunchRequest, pool: string, execution: string): Record<string, string> => {
    const { url, token } = options.door();
    const told: Record<keyof WorkerEnv, string> = {
      SLIPWAY_DOOR: url,
      SLIPWAY_DOOR_TOKEN: token,
      SLIPWAY_QUEUE: request.queue,
      SLIPWAY_SLOT: request.slot,
      SLIPWAY_FENCE: String(request.fence),
      SLIPWAY_TICKET: request.ticket,
      CLOUD_RUN_JOB: pool,
      CLOUD_RUN_EXECUTION: execution,
      CLOUD_RUN_TASK_INDEX: '0',
      CLOUD_RUN_TASK_ATTEMPT: '0',
      CLOUD_RUN_TASK_COUNT: '1',
    };
    const inherited = Object.entries(process.env).filter(
      (pair): pair is [string, string] => INHERITED.test(pair[0]) && pair[1] !== undefined,
    );
    return {
      ...Object.fromEntries(inherited),
      ...told,
      ...(options.tmpFolder === undefined ? {} : { TMPDIR: options.tmpFolder }),
      ...(options.modelsFolder === undefined ? {} : { SLIPWAY_MODELS: options.modelsFolder }),
      ...(options.allowLoopback ? { SLIPWAY_ALLOW_LOOPBACK: '1' } : {}),
    };
  };

  const follow = (execution: string, slot: string, child: GuardedChild): void => {
    const tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      readLines(stream, MAX_LINE, (line) => {
        passOn(log, execution, line);
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
      });
    }
    running.set(execution, child);
    void child.exited.then((exit) => {
      running.delete(execution);
      const wasAsked = ending.delete(execution);
      reportExit(log, execution, exit, tail, wasAsked);
      for (const listener of [...listeners]) listener(execution, slot);
    });
  };

  /** SIGTERM to the worker alone, which then ends its runners itself; the group goes with it, or after the grace. */
  const end = (execution: string): void => {
    const child = running.get(execution);
    if (child === undefined || ending.has(execution)) return;
    ending.add(execution);
    try {
      process.kill(child.pid, 'SIGTERM');
    } catch {
      return; // It has ended; `exited` is on its way.
    }
    const callOff = clock.after(graceMs, () => child.kill('SIGKILL'));
    void child.exited.then(callOff);
  };

  return {
    aliveSinceMs: options.aliveSinceMs,

    async launch(request) {
      if (isStopped) return { kind: 'failed', reason: 'other', message: 'the stack is stopping' };
      if (!existsSync(options.cwd)) {
        return {
          kind: 'failed',
          reason: 'not_found',
          message: `there is no folder ${options.cwd} to start a worker in`,
        };
      }
      const pool = request.queue.replace(/@.*$/, '');
      const execution = `${pool}-${options.bootId}-${options.random.hex(5)}`;
      const [program, ...args] = options.program;
      try {
        const env = environment(request, pool, execution);
        follow(execution, request.slot, spawnGuarded(program, args, { cwd: options.cwd, env }));
      } catch (error) {
        return { kind: 'failed', reason: 'other', message: error instanceof Error ? error.message : String(error) };
      }
      return { kind: 'started', execution };
    },

    async cancel(execution) {
      end(execution);
    },

    async status(execution) {
      if (running.has(execution)) return 'running';
      return execution.includes(`-${options.bootId}-`) ? 'ended' : 'unknown';
    },

    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async stop() {
      isStopped = true;
      const left = [...running];
      for (const [execution] of left) end(execution);
      await Promise.all(left.map(([, child]) => child.exited));
    },
  };
}

/** A worker's own log lines stay what they are; whatever else its process prints is logged as it stands. */
function passOn(log: Log, execution: string, line: string): void {
  const own = logLine(line);
  if (own === null) log.info(`${execution}: ${line}`);
  else log[own.level](own.message, { ...own.fields, execution });
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
