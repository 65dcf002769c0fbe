import { createServer, type AddressInfo } from 'node:net';
import { request } from 'undici';
import type { Runner as Declared } from '../../domain/contract/model.ts';
import type { Clock } from '../../domain/ports.ts';
import type { Exit, GuardedChild } from '../../host/child.ts';
import { sleep } from '../wait.ts';
import { withOutput } from './failure.ts';
import { LineSplitter, parseBar } from './lines.ts';
import { cleanEnvironment, resolveProgram, type Processes } from './processes.ts';
import { StartupError, type Sink } from './runner.ts';
import { OutputTail } from './tail.ts';

const MAX_LINE = 64 * 1024;
const HEALTH_TIMEOUT_MS = 2_000;
const PORT_TAKEN = /EADDRINUSE|address already in use/i;

export interface ServerOptions {
  readonly name: string;
  readonly declared: Extract<Declared, { kind: 'server' }>;
  readonly folder: string;
  /** Home and place for temporary files of the server itself. */
  readonly home: string;
  readonly processes: Processes;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly startTimeoutMs: number;
  readonly ports: number;
  readonly healthEveryMs: number;
  /** Takes what it says until it is healthy. */
  readonly onSetup: Sink['log'];
}

/** A model's server, running. */
export interface ServerProcess {
  readonly url: string;
  readonly tail: OutputTail;
  readonly exited: Promise<Exit>;
  readonly child: GuardedChild;
  /** Null while it runs. */
  ended: Exit | null;
  /** Where its own stdout and stderr go just now: to the log of its start, then to the job that it is at. */
  sink: Sink | null;
}

/**
 * Starts a model's server on a free loopback port and waits until `GET /health` is 200. A port that another program took
 * in between is tried anew with another.
 * @throws StartupError when it ends, or is not healthy in time, or `signal` is aborted; nothing is left running
 */
export async function startServer(options: ServerOptions, signal: AbortSignal): Promise<ServerProcess> {
  const untilMs = options.clock.nowMs() + options.startTimeoutMs;
  for (let left = options.ports - 1; ; left -= 1) {
    const server = launch(options, await freePort());
    const end = await untilHealthy(server, options, untilMs, signal);
    if (end === 'healthy') {
      server.sink = null;
      return server;
    }
    if (server.ended === null) server.child.kill('SIGKILL');
    await server.exited;
    if (end === 'ended' && PORT_TAKEN.test(server.tail.text) && left > 0) continue;
    const why =
      end === 'ended'
        ? `ended while it started (exit code ${server.ended?.code ?? 'none'})`
        : end === 'late'
          ? `was not healthy within ${options.startTimeoutMs} ms`
          : 'was stopped while it started';
    throw new StartupError(withOutput(`The server of model ${options.name} ${why}.`, server.tail));
  }
}

function launch(options: ServerOptions, port: number): ServerProcess {
  const { program, args } = resolveProgram(options.declared, options.folder, { model: options.folder });
  const child = options.processes.start(program, args, options.folder, {
    ...cleanEnvironment(options.environment, options.home),
    PORT: String(port),
  });
  const server: ServerProcess = {
    url: `http://127.0.0.1:${port}`,
    tail: new OutputTail(),
    exited: child.exited,
    child,
    ended: null,
    sink: { log: options.onSetup, progress: () => undefined, metric: () => undefined },
  };
  void child.exited.then((exit) => (server.ended = exit));
  for (const name of ['stdout', 'stderr'] as const) {
    const keep = server.tail.stream();
    const lines = new LineSplitter((line) => {
      const bar = parseBar(line);
      if (bar !== null) server.sink?.progress(bar.fraction, bar.message);
      else server.sink?.log(name, line);
    }, MAX_LINE);
    // What a server says last, when its start fails, may have no line end.
    void child.exited.then(() => lines.end());
    child[name].on('data', (chunk: Buffer) => {
      keep(chunk);
      lines.push(chunk);
    });
  }
  return server;
}

/** Asks for its health until it is good, the server has ended, time is up or `signal` is aborted. */
export async function untilHealthy(
  server: ServerProcess,
  { clock, healthEveryMs }: Pick<ServerOptions, 'clock' | 'healthEveryMs'>,
  untilMs: number,
  signal: AbortSignal,
): Promise<'healthy' | 'ended' | 'late' | 'stopped'> {
  const wake = new AbortController();
  void server.exited.then(() => wake.abort());
  const woken = AbortSignal.any([wake.signal, signal]);
  for (;;) {
    if (signal.aborted) return 'stopped';
    const healthy = server.ended === null && (await isHealthy(server.url, woken));
    if (server.ended !== null) return 'ended';
    if (healthy) return 'healthy';
    if (clock.nowMs() >= untilMs) return 'late';
    await sleep(clock, healthEveryMs, woken);
  }
}

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/health`, {
      reset: true,
      signal: AbortSignal.any([signal, AbortSignal.timeout(HEALTH_TIMEOUT_MS)]),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
