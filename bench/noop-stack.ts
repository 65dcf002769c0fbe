import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { parse, stringify } from 'yaml';
import { jsonLog } from '../host/log.ts';
import { startStack } from '../local/stack.ts';
import { inParallel, within } from './measure.ts';
import { observeCommits, type CommitWatch } from './observe.ts';

const NOOP = join(import.meta.dirname, '../test/stack/models/noop');
const WARM_WITHIN_MS = 60_000;

/** A model that does nothing, on a pool of its own with so many workers. */
export interface NoopModel {
  readonly name: string;
  readonly workers: number;
}

export interface NoopStack {
  readonly watch: CommitWatch;
  /** Sends one job; resolves with its id once the api has answered. */
  submit(model: NoopModel): Promise<string>;
  /** How many events are open, counted no further than to one. */
  openEvents(): Promise<number>;
  /** What the stack logged as an error. */
  readonly errors: readonly string[];
  stop(): Promise<void>;
}

/**
 * A whole stack with real workers, all of them warm when this resolves: every one has run a job, and none ends for idling.
 * @throws Error if the workers are not warm in time
 */
export async function startNoopStack(folder: string, models: readonly NoopModel[]): Promise<NoopStack> {
  const errors: string[] = [];
  const modelFolder = join(folder, 'models');
  await writeModels(modelFolder, models);
  const stack = await startStack({
    dataFolder: join(folder, 'data'),
    port: 0,
    modelFolders: [modelFolder],
    // Lines are made as in production and dropped here, so that a terminal is not what is measured.
    log: jsonLog((line) => {
      if (line.includes('"severity":"ERROR"')) errors.push(line);
    }),
  });
  const { url, apiKey, store } = stack;
  const watch = observeCommits(store);
  const agent = new Agent();
  let sent = 0;

  const submit: NoopStack['submit'] = async ({ name }) => {
    const response = await request(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: name, input: { echo: (sent += 1) } }),
      dispatcher: agent,
    });
    const body = (await response.body.json()) as { id?: string; detail?: string };
    if (response.statusCode !== 201 || body.id === undefined) {
      throw new Error(`the api answered ${response.statusCode}: ${body.detail ?? ''}`);
    }
    return body.id;
  };

  const warmWorkers = async ({ name }: NoopModel): Promise<number> => {
    const page = await store.query('slotsOfQueue', { queue: `${name}@local` }, { limit: 1_000 });
    return page.items.filter(({ data }) => data.state === 'ready' && data.claims > 0).length;
  };
  const warm = async (model: NoopModel): Promise<void> => {
    do {
      await inParallel(20 * model.workers, 2 * model.workers, async () => {
        await watch.settled(await submit(model));
      });
    } while ((await warmWorkers(model)) < model.workers);
  };

  const stop = async (): Promise<void> => {
    await agent.destroy();
    await stack.stop();
  };
  try {
    for (const model of models) await within(WARM_WITHIN_MS, `the workers of ${model.name} becoming warm`, warm(model));
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${errors.slice(-5).join('\n')}`, { cause: error });
  }
  return { watch, submit, errors, stop, openEvents: () => store.count('openEvents', { open: true }, 1) };
}

/** The tests' no-op model once for each pool, told to boot at once so that the target is `workers` from the first jobs on. */
async function writeModels(folder: string, models: readonly NoopModel[]): Promise<void> {
  const declared = parse(await readFile(join(NOOP, 'model.yaml'), 'utf8')) as object;
  for (const { name } of models) {
    await mkdir(join(folder, name), { recursive: true });
    await cp(NOOP, join(folder, name), { recursive: true });
    const own = { ...declared, name, pool: name, expected: { bootSeconds: 0.001, runSeconds: 0.01 } };
    await writeFile(join(folder, name, 'model.yaml'), stringify(own));
  }
  const pools = models.map(({ name, workers }) => ({ name, max: workers, idleTimeoutSeconds: 600 }));
  await writeFile(join(folder, 'pools.yaml'), stringify(pools));
}
