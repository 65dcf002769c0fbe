import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { readModel } from '../../gpu-job/models/model-program.ts';
import { spawnGuarded } from '../../host/child.ts';

export const MODELS = join(import.meta.dirname, '../../gpu-job/models');

export type Line = Record<string, unknown>;

export interface Answer {
  readonly lines: readonly Line[];
  readonly output: unknown;
  readonly error: unknown;
  readonly workdir: string;
}

/** A model server as the worker's runner would start it: in its folder, with nothing but PORT in its environment. */
export interface Served {
  run(input: unknown, options?: { readonly until?: (line: Line) => boolean }): Promise<Answer>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

export async function serve(model: string): Promise<Served> {
  const port = await freePort();
  const folder = join(MODELS, model);
  const child = spawnGuarded(process.execPath, ['server.ts'], { cwd: folder, env: { PORT: String(port) } });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  let ended = false;
  void child.exited.then(() => (ended = true));
  const workdirs: string[] = [];
  const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);
  const ready = (): Promise<boolean> =>
    ask('/health').then(
      (response) => response.ok,
      () => false,
    );
  const untilReady = async (): Promise<void> => {
    // The program says only over HTTP that it is ready, so there is nothing to wait on but asking again.
    while (!(await ready())) {
      if (ended) throw new Error(`${model} ended: ${(await said).join('\n')}`);
      await setTimeout(20);
    }
  };
  await untilReady();
  return {
    fetch: ask,
    run: async (input, { until = () => false } = {}) => {
      const workdir = await mkdtemp(join(tmpdir(), 'slipway-model-'));
      workdirs.push(workdir);
      // It may still be leaving a job whose connection was dropped.
      await untilReady();
      const hangUp = new AbortController();
      const response = await ask('/run', {
        method: 'POST',
        body: JSON.stringify({ job: 'job', input, workdir }),
        signal: hangUp.signal,
      });
      if (response.body === null || response.headers.get('content-type') !== 'application/x-ndjson') {
        throw new Error(`${response.status} ${await response.text()}`);
      }
      const lines: Line[] = [];
      let rest = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop() ?? '';
        lines.push(...parts.map((part) => JSON.parse(part) as Line));
        if (!lines.some(until)) continue;
        hangUp.abort();
        break;
      }
      return { lines, output: lines.at(-1)?.['output'], error: lines.at(-1)?.['error'], workdir };
    },
    stop: async () => {
      child.kill('SIGKILL');
      await child.exited;
      await Promise.all(workdirs.map((workdir) => rm(workdir, { recursive: true, force: true })));
    },
  };
}

export interface Ran {
  readonly code: number | null;
  readonly lines: readonly Line[];
  readonly stderr: string;
  readonly output: unknown;
  /** The contents of each, by its name. */
  readonly artifacts: ReadonlyMap<string, string>;
}

/** Runs a model program as the `command` runner would: a child process with its input as a file. */
export async function runOnce(model: string, program: string, input: unknown): Promise<Ran> {
  const workdir = await mkdtemp(join(tmpdir(), 'slipway-model-'));
  const files = {
    input: join(workdir, 'input.json'),
    output: join(workdir, 'output.json'),
    artifacts: join(workdir, 'artifacts'),
  };
  await mkdir(files.artifacts);
  await writeFile(files.input, JSON.stringify(input));
  const child = spawnGuarded(process.execPath, [join(MODELS, model, program)], {
    cwd: workdir,
    env: { SLIPWAY_INPUT: files.input, SLIPWAY_OUTPUT: files.output, SLIPWAY_ARTIFACTS: files.artifacts },
  });
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), child.exited]);
  const output: unknown = await readFile(files.output, 'utf8').then(JSON.parse, () => undefined);
  const artifacts = new Map<string, string>();
  for (const name of await readdir(files.artifacts)) {
    artifacts.set(name, await readFile(join(files.artifacts, name), 'utf8'));
  }
  await rm(workdir, { recursive: true });
  const lines = stdout.split('\n').filter(Boolean);
  return { code: exit.code, stderr, lines: lines.map((line) => JSON.parse(line) as Line), output, artifacts };
}

/** What does not fit a model's declared schema, as text; "" if all fits. */
export function misfits(model: string, part: 'input' | 'output', value: unknown): string {
  const ajv = new Ajv2020({ validateFormats: false, strictTypes: false });
  const fits: ValidateFunction = ajv.compile(readModel(join(MODELS, model))[part]);
  return fits(value) ? '' : ajv.errorsText(fits.errors);
}
