import { setImmediate as nextTurn } from 'node:timers/promises';
import { MAX_ARTIFACTS } from '../../domain/contract/door.ts';
import { request as httpRequest } from 'undici';
import type { JobError } from '../../domain/contract/job.ts';
import type { Hide } from '../hide.ts';
import { jobError } from '../job-fault.ts';
import { sleep } from '../wait.ts';
import { madeArtifact } from './command.ts';
import { failureOf, withOutput, type Rules } from './failure.ts';
import { LineSplitter, parseAnswerLine, type Ending } from './lines.ts';
import { watchMemoryKills } from './memory-kills.ts';
import { StartupError, type MadeArtifact, type Runner, type RunRequest, type RunResult } from './runner.ts';
import { startServer, untilHealthy, type ServerOptions, type ServerProcess } from './server-process.ts';

/** The longest line of an answer: twice the longest output, since escapes may make that longer, but no longer than a string may be. */
const LEAST_LINE = 2 * 1024 * 1024;
const MOST_LINE = 256 * 1024 * 1024;
/** How much of an answer that is no success is quoted; more is read, so that no secret is cut before it is hidden. */
const QUOTED = 1_000;
const QUOTED_FROM = 16_384;
/** A server whose connection broke is given this long to be seen ended: its exit says more than the broken connection. */
const EXIT_SEEN_MS = 1_000;

export interface ServerRunnerOptions extends ServerOptions {
  readonly rules: Rules;
  /** How long a server may go on with a job that was stopped before it is killed. */
  readonly killAfterMs: number;
  readonly stopMs: number;
  readonly maxOutputBytes: number;
}

/**
 * A model that is a server: started once, so that its weights stay loaded, and asked over HTTP. A job is `POST /run` with
 * `{job, input, workdir}`, answered by a line of JSON for each piece of news and at last `{"output":…}` or `{"error":{kind,message}}`.
 * A dropped connection tells the server to stop that job; while it cannot take another its `/health` is not 200.
 */
export class ServerRunner implements Runner {
  readonly #options: ServerRunnerOptions;
  #server: ServerProcess | null = null;
  /** Its last job did not end as jobs do: it must show its health before the next. */
  #doubtful = false;
  #fault: StartupError | null = null;

  constructor(options: ServerRunnerOptions) {
    this.#options = options;
  }

  get fault(): StartupError | null {
    return this.#fault;
  }

  async ensureReady(signal: AbortSignal): Promise<void> {
    if (this.#doubtful && this.#server !== null) {
      const untilMs = this.#options.clock.nowMs() + this.#options.killAfterMs;
      if ((await untilHealthy(this.#server, this.#options, untilMs, signal)) === 'late') await this.close();
    }
    this.#doubtful = false;
    if (this.#server?.ended === null) return;
    try {
      this.#server = await startServer(this.#options, signal);
      this.#fault = null;
    } catch (error) {
      // One that was told to stop has shown nothing.
      if (error instanceof StartupError && !signal.aborted) this.#fault = error;
      throw error;
    }
  }

  async run(request: RunRequest): Promise<RunResult> {
    const { stop } = request;
    const { maxOutputBytes } = this.#options;
    const killedForMemory = watchMemoryKills();
    for (let mayRestart = true; ; mayRestart = false) {
      // It may have ended while the worker waited for this job.
      await this.ensureReady(stop.polite);
      const server = this.#server;
      if (server === null || stop.reason !== null) return { kind: 'stopped' };
      server.sink = request.sink;
      server.tail.begin(request.hide);
      try {
        const answer = await ask(server, request, Math.min(MOST_LINE, Math.max(LEAST_LINE, 2 * maxOutputBytes)));
        // What it printed before it answered is in its pipe, and read within a turn of the event loop: it is this job's, still.
        await nextTurn();
        await nextTurn();
        if (stop.reason !== null) {
          this.#doubtful = true;
          return { kind: 'stopped' };
        }
        if (answer.ending !== null) return resultOf(answer.ending, answer.artifacts, request.hide);
        this.#doubtful = true;
        await Promise.race([server.exited, sleep(this.#options.clock, EXIT_SEEN_MS)]);
        if (answer.delivered || !mayRestart)
          return { kind: 'failed', error: this.#broken(server, answer, killedForMemory) };
      } finally {
        server.sink = null;
      }
    }
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null || server.ended !== null) return;
    server.child.kill('SIGTERM');
    const callOff = this.#options.clock.after(this.#options.stopMs, () => server.child.kill('SIGKILL'));
    await server.exited;
    callOff();
  }

  #broken(server: ServerProcess, { trouble }: Answer, killedForMemory: () => boolean): JobError {
    const { rules } = this.#options;
    if (server.ended !== null) return failureOf(server.ended, rules, server.tail, killedForMemory);
    return rules(null, server.tail) ?? jobError('crash', withOutput(trouble, server.tail));
  }
}

function resultOf(ending: Ending, artifacts: readonly MadeArtifact[], hide: Hide): RunResult {
  return ending.kind === 'output'
    ? { kind: 'done', output: ending.output, artifacts }
    : { kind: 'failed', error: jobError(ending.error.kind, hide(ending.error.message)) };
}

interface Answer {
  readonly ending: Ending | null;
  readonly artifacts: readonly MadeArtifact[];
  /** What went wrong where there is no ending. */
  readonly trouble: string;
  /** False where the server cannot have seen the job: it had ended already. */
  readonly delivered: boolean;
}

async function ask(server: ServerProcess, request: RunRequest, maxLine: number): Promise<Answer> {
  const { job, input, workdir, sink, hide, stop } = request;
  const artifacts: MadeArtifact[] = [];
  let ending: Ending | null = null;
  let delivered = true;
  let trouble = 'The server ended its answer without output or error.';
  const lines = new LineSplitter((line, cut) => {
    const said = parseAnswerLine(line);
    if (ending !== null) return;
    if (cut) {
      ending = {
        kind: 'error',
        error: {
          kind: 'output_invalid',
          message: `The server answered a line of more than ${maxLine} characters.`,
        },
      };
      return;
    }
    switch (said.kind) {
      case 'progress':
        return sink.progress(said.fraction, said.message);
      case 'metric':
        return sink.metric(said.name, said.value);
      case 'log':
        return sink.log('stdout', said.text);
      case 'artifact':
        if (artifacts.length <= MAX_ARTIFACTS) artifacts.push(madeArtifact(said, workdir));
        return;
      case 'output':
      case 'error':
        ending = said;
    }
  }, maxLine);
  try {
    const response = await httpRequest(`${server.url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
      body: JSON.stringify({ job, input, workdir }),
      // A connection kept from an earlier job may be closing just now.
      reset: true,
      headersTimeout: 0,
      bodyTimeout: 0,
      signal: stop.polite,
    });
    if (response.statusCode === 200) {
      for await (const chunk of response.body) lines.push(chunk as Buffer);
      lines.end();
    } else {
      trouble = `The server answered ${response.statusCode} to /run: ${hide(await beginningOf(response.body)).slice(0, QUOTED)}`;
    }
  } catch (error) {
    delivered = (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED';
    trouble = `The connection to the server broke: ${(error as Error).message}.`;
  }
  return { ending, artifacts, trouble, delivered };
}

/** The rest is not read: it may be of any length, or never end. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= QUOTED_FROM) break;
  }
  return Buffer.concat(chunks).subarray(0, QUOTED_FROM).toString('utf8');
}
