import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Catalogue } from '../domain/contract/model.ts';
import type { Log, Store } from '../domain/ports.ts';
import { DEFAULT_SETTINGS, type Settings } from '../domain/settings.ts';
import { FUNCTION_NAMES, type FunctionName } from '../eventarc/routes.ts';
import type { Deps } from '../functions/deps.ts';
import { FUNCTIONS } from '../functions/index.ts';
import { apiGuard, bearerGuard, serveFunction, type Served } from '../functions/serve.ts';
import { withinGrants } from '../functions/within-grants.ts';
import { loadCatalogue } from '../gpu-job/models/catalogue.ts';
import { systemClock } from '../host/clock.ts';
import { createHttp } from '../host/http.ts';
import { systemRandom } from '../host/random.ts';
import { admitOnly } from './api-key.ts';
import { startBlobs } from './blobs.ts';
import { localBus, type BusOptions } from './bus.ts';
import { httpCalls } from './calls.ts';
import { openDataFolder } from './data-folder.ts';
import { processLauncher } from './launcher.ts';
import { memoryMetrics } from './metrics.ts';
import { fileSecrets } from './secrets.ts';

/** The one tenant of a machine whose owner has made no others. */
const TENANT = 'default';
const REGION = 'local';

export interface StackOptions {
  readonly dataFolder: string;
  /** Port of the HTTPS interface on 127.0.0.1; 0 for any. */
  readonly port: number;
  /** Without one, a key is made and kept in the data folder. */
  readonly apiKey?: string;
  readonly modelFolders: readonly string[];
  readonly log: Log;
  readonly settings?: Partial<Settings>;
  /** What becomes of each message: for tests that lose or repeat them. */
  readonly plan?: NonNullable<BusOptions['plan']>;
}

/** A whole Slipway on one machine. */
export interface Stack {
  readonly url: string;
  readonly apiKey: string;
  readonly catalogue: Catalogue;
  readonly store: Store;
  /** Runs one sweep now; resolves when everything it found is done. */
  sweep(): Promise<void>;
  /** Ends workers, functions, and what holds the data, in that order; leaves no process. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts everything in order: data, blobs, functions, messages; then one sweep, which takes back the slots of the former
 * start and does what it left undone.
 * @throws DataFolderHeldError, CatalogueError (a faulty model.yaml), or the listen error of the port
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { log } = options;
  // Workers run elsewhere, where a relative path would lead elsewhere.
  const modelFolders = options.modelFolders.map((folder) => resolve(folder));
  const clock = systemClock;
  const random = systemRandom;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const stops: (() => unknown)[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= runReversed(stops));

  try {
    const catalogue = await loadCatalogue({
      folders: modelFolders,
      region: REGION,
      path: process.env['PATH'] ?? '',
    });
    const folder = openDataFolder(options.dataFolder, { clock, random });
    stops.push(() => folder.close());
    const { store } = folder;
    const secrets = fileSecrets(folder.path('secrets'), random);
    const apiKey = options.apiKey ?? `slw_${await secrets.ensureSecret('api-key')}`;
    await admitOnly(store, folder.path('admitted-key'), apiKey, TENANT, clock.nowMs());
    const blobs = await startBlobs({
      folder: folder.path('blobs'),
      key: await secrets.ensureSecret('blob-signing-key'),
      clock,
      random,
      log,
    });
    stops.push(() => blobs.stop());

    const served = new Map<FunctionName, Served>();
    // A secret each, since the worker's is in the environment of processes that run model code.
    const tokens = new Map(FUNCTION_NAMES.map((name) => [name, random.hex(32)]));
    const addressOf = (name: FunctionName): { url: string; token: string } => {
      const [at, token] = [served.get(name), tokens.get(name)];
      if (at === undefined || token === undefined) throw new Error(`${name} is not up`);
      return { url: at.url, token };
    };
    const launcher = processLauncher({
      program: [process.execPath, join(import.meta.dirname, '../gpu-job/start.js')],
      cwd: folder.path('.'),
      bootId: folder.bootId,
      door: () => addressOf('worker'),
      aliveSinceMs: store.nowMs(),
      modelsFolder: modelFolders.join(':'),
      tmpFolder: await clearedFolder(folder.path('worker-tmp')),
      allowLoopback: true,
      clock,
      random,
      log,
    });
    const bus = localBus({ store, clock, random, log, ...(options.plan === undefined ? {} : { plan: options.plan }) });
    const deps: Deps = {
      store,
      bus,
      calls: httpCalls(addressOf),
      launcher,
      blobs,
      metrics: memoryMetrics(log),
      secrets,
      // There is no Firestore here that a client could listen to.
      tokens: { make: async () => null },
      http: createHttp({ allowLoopback: true }),
      clock,
      random,
      log,
      catalogue,
      settings,
    };
    for (const name of FUNCTION_NAMES) {
      const guard = name === 'api' ? apiGuard(deps) : bearerGuard(tokens.get(name) ?? '');
      const port = name === 'api' ? options.port : 0;
      served.set(
        name,
        await serveFunction(name, FUNCTIONS[name](withinGrants(name, deps)), guard, { host: '127.0.0.1', port, log }),
      );
      stops.push(() => served.get(name)?.close());
    }
    // Workers go before the functions, since they still need the door to hand back what they hold; messages go before the
    // workers, since what is handed back would start others.
    stops.push(() => launcher.stop());
    bus.start(
      Object.fromEntries(FUNCTION_NAMES.map((name) => [name, addressOf(name)])) as Parameters<typeof bus.start>[0],
    );
    stops.push(() => bus.stop());

    const sweep = (query = ''): Promise<void> => post(`${addressOf('sweep').url}${query}`, addressOf('sweep').token);
    const inBackground = (query?: string): void => {
      sweep(query).catch((error: unknown) => {
        if (stopping === null) log.error('sweep failed', { error: String(error) });
      });
    };
    stops.push(every(settings.sweepEveryMs, inBackground));
    // As an ended execution is an event on Google Cloud: the slot of a worker that died is found at once, not after its lease.
    const onExit = (_: string, slot: string): void => {
      deps.calls.due('dispatch', { slots: [slot], jobs: [], queues: [] }).catch((error: unknown) => {
        if (stopping === null) log.error('slot not looked at; sweep will', { slot, error: String(error) });
      });
    };
    stops.push(launcher.onExit(onExit));
    inBackground('?stale=0');

    const { url } = addressOf('api');
    folder.announce(url);
    return { url, apiKey, catalogue, store, sweep: () => sweep('?stale=0'), stop };
  } catch (error) {
    await stop();
    throw error;
  }

  function every(ms: number, run: () => void): () => void {
    let callOff = clock.after(ms, tick);
    function tick(): void {
      run();
      callOff = clock.after(ms, tick);
    }
    return () => callOff();
  }
}

async function runReversed(stops: (() => unknown)[]): Promise<void> {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}

/** A folder without what workers of a former start left in it. Nothing else in it is touched: the data folder may be shared. */
async function clearedFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const left = (await readdir(path)).filter((name) => /^slipway-(job|server)-/.test(name));
  await Promise.all(left.map((name) => rm(join(path, name), { recursive: true, force: true })));
  return resolve(path);
}

async function post(url: string, token: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`sweep answered ${response.status}`);
}
