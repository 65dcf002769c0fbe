import { existsSync } from 'node:fs';
import type { WorkerEnv } from '../domain/contract/door.ts';
import type { Clock, Launcher, LaunchRequest, Log, Random } from '../domain/ports.ts';
import { inheritedEnvironment, processExecutions } from './executions.ts';

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

/** Cloud Run Jobs, played by processes of this machine. */
export function processLauncher(options: LauncherOptions): ProcessLauncher {
  const executions = processExecutions(options);
  const launched = new Map<string, LaunchRequest>();
  const listeners = new Set<(execution: string, slot: string) => void>();
  let isStopped = false;
  executions.onExit((execution) => {
    const slot = launched.get(execution)?.slot ?? '';
    launched.delete(execution);
    for (const listener of [...listeners]) listener(execution, slot);
  });

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
    return {
      ...inheritedEnvironment(process.env),
      ...told,
      ...(options.tmpFolder === undefined ? {} : { TMPDIR: options.tmpFolder }),
      ...(options.modelsFolder === undefined ? {} : { SLIPWAY_MODELS: options.modelsFolder }),
      ...(options.allowLoopback ? { SLIPWAY_ALLOW_LOOPBACK: '1' } : {}),
    };
  };

  return {
    aliveSinceMs: options.aliveSinceMs,

    async launch(request) {
      const { cwd, program, bootId } = options;
      if (isStopped) return { kind: 'failed', reason: 'other', message: 'the stack is stopping' };
      if (!existsSync(cwd)) {
        return { kind: 'failed', reason: 'not_found', message: `there is no folder ${cwd} to start a worker in` };
      }
      const pool = request.queue.replace(/@.*$/, '');
      const execution = `${pool}-${bootId}-${options.random.hex(5)}`;
      try {
        executions.start({ name: execution, program, cwd, env: environment(request, pool, execution) });
      } catch (error) {
        return { kind: 'failed', reason: 'other', message: error instanceof Error ? error.message : String(error) };
      }
      launched.set(execution, request);
      return { kind: 'started', execution };
    },

    async cancel({ execution }) {
      executions.cancel(execution);
    },

    async status({ execution }) {
      if (executions.isRunning(execution)) return 'running';
      return execution.includes(`-${options.bootId}-`) ? 'ended' : 'unknown';
    },

    async find({ queue, slot, fence }) {
      const names = [...launched].filter(([, request]) => request.slot === slot && request.fence === fence);
      return names.map(([execution]) => ({ queue, execution }));
    },

    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async stop() {
      isStopped = true;
      await executions.stop();
    },
  };
}
