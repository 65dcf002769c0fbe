import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Model } from '../../domain/contract/model.ts';
import { inputReader, ModelError, readModel } from './model-program.ts';

/** What a model has of the job it is at. All but `signal` and `workdir` is sent on at once, as a line of the answer. */
export interface Task {
  /** A folder of the job's own, absolute. */
  readonly workdir: string;
  /** Aborted once nobody waits for the answer. */
  readonly signal: AbortSignal;
  /** @param fraction 0 to 1 */
  readonly progress: (fraction: number, message: string) => void;
  readonly metric: (name: string, value: number) => void;
  /** Hands on a file that has been written in full. @param file.path absolute */
  readonly artifact: (file: { readonly name: string; readonly path: string; readonly contentType: string }) => void;
}

/** One job: the input fits the model's schema, with its defaults filled in. A ModelError gives the error a kind of its own. */
export type Run<I, O> = (input: I, task: Task) => Promise<O>;

interface Asked {
  readonly job: string;
  readonly input: unknown;
  readonly workdir: string;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Partial<Asked> | null;
  if (typeof body?.job !== 'string' || typeof body.workdir !== 'string') throw new Error('job or workdir is missing');
  return { job: body.job, input: body.input, workdir: body.workdir };
}

/** Runs one job and writes the answer's lines as they come about. */
async function runJob(
  run: Run<unknown, unknown>,
  asked: Asked,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const line = (value: object): void => void response.write(`${JSON.stringify(value)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  try {
    const output = await run(asked.input, {
      workdir: asked.workdir,
      signal,
      progress: (fraction, message) => line({ progress: { fraction, message } }),
      metric: (name, value) => line({ metric: { name, value } }),
      artifact: (artifact) => line({ artifact }),
    });
    line({ output });
  } catch (error) {
    if (signal.aborted) return;
    const known = error instanceof ModelError;
    if (!known) process.stderr.write(`job ${asked.job}: ${(error as Error).stack ?? String(error)}\n`);
    const message = error instanceof Error ? error.message : String(error);
    line({ error: { kind: known ? error.kind : 'model_error', message: message.slice(0, 4_096) } });
  } finally {
    response.end();
  }
}

/**
 * Serves one model over HTTP on 127.0.0.1:$PORT, as the `server` runner asks for it: `GET /health` answers 200 once the model
 * is loaded, `POST /run` answers with a line of JSON for each thing that happens and, last, `output` or `error`.
 * Jobs run one after the other; one whose connection is dropped is stopped where the model looks at its signal. Until it has
 * returned the server is not healthy and takes no other job, so that whoever started it can tell a stuck one and replace it.
 * The process ends with code 1 if the model cannot be loaded.
 * @param folder the model's own, with its `model.yaml`
 */
export async function serveModel<I, O>(folder: string, load: (model: Model) => Promise<Run<I, O>>): Promise<void> {
  const model = readModel(folder);
  const read = inputReader<I>(model);
  let run: Run<unknown, unknown> | null = null;
  let turn = Promise.resolve();
  /** Runs that nobody waits for any more and that have not returned. */
  let stale = 0;
  const runWatched = async (asked: Asked, response: ServerResponse, gone: AbortSignal): Promise<void> => {
    if (run === null || gone.aborted) return;
    const count = (): void => void (stale += 1);
    gone.addEventListener('abort', count, { once: true });
    try {
      await runJob(run, asked, response, gone);
    } finally {
      if (gone.aborted) stale -= 1;
      else gone.removeEventListener('abort', count);
    }
  };

  const server = createServer((request, response) => {
    const refuse = (status: number, text: string): void => void response.writeHead(status).end(`${text}\n`);
    const hindrance = run === null ? 'loading' : stale > 0 ? 'still at a job that was dropped' : null;
    if (request.method === 'GET' && request.url === '/health')
      return refuse(hindrance === null ? 200 : 503, hindrance ?? 'ready');
    if (request.method !== 'POST' || request.url !== '/run') return refuse(404, 'there is GET /health and POST /run');
    if (hindrance !== null) return refuse(503, hindrance);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    readAsked(request).then(
      (asked) => {
        turn = turn.then(() => runWatched(asked, response, gone.signal));
      },
      (error: unknown) => refuse(400, `want {"job", "input", "workdir"} as JSON: ${(error as Error).message}`),
    );
  });
  server.listen(Number(process.env['PORT']), '127.0.0.1');
  try {
    const loaded = await load(model);
    run = (input, task) => loaded(read(input), task);
  } catch (error) {
    process.stderr.write(`${model.name} cannot be loaded: ${(error as Error).stack ?? String(error)}\n`);
    process.exit(1);
  }
}
