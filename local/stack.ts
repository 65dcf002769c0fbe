import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Catalogue } from '../domain/contract/model.ts';
import type { Log, Store } from '../domain/ports.ts';
import { DEFAULT_SETTINGS, type Settings } from '../domain/settings.ts';
import type { Deps } from '../functions/deps.ts';
import { loadCatalogue } from '../gpu-job/models/catalogue.ts';
import { systemClock } from '../host/clock.ts';
import { createHttp } from '../host/http.ts';
import { systemRandom } from '../host/random.ts';
import { admitOnly } from './api-key.ts';
import { startBlobs } from './blobs.ts';
import { localBus, type BusOptions } from './bus.ts';
import { httpCalls } from './calls.ts';
import { openDataFolder } from './data-folder.ts';
import { hostedFunctions } from './hosted-functions.ts';
import { announceIntake } from './intake-address.ts';
import { processLauncher } from './launcher.ts';
import { memoryMetrics } from './metrics.ts';
import { fileSecrets } from './secrets.ts';

/** The one tenant of a machine whose owner has made no others. */
export const TENANT = 'default';
/** Where its queues are, in the place of one of Google's regions. */
export const REGION = 'local';

const WORKER = join(import.meta.dirname, '../gpu-job/start.js');

export interface StackOptions {
  readonly dataFolder: string;
  /** Port of the HTTPS interface on 127.0.0.1; 0 for any. */
  readonly port: number;
  /** Without one, a key is made and kept in the data folder. */
  readonly apiKey?: string;
  readonly modelFolders: readonly string[];
  readonly log: Log;
  readonly settings?: Partial<Settings>;
  /** What a worker is, as a program for Node; this build's, unless a test mixes builds. */
  readonly worker?: string;
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
      regions: [REGION],
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

    const functions = hostedFunctions({ clock, random, log });
    const launcher = processLauncher({
      program: workerProgram(options),
      cwd: folder.path('.'),
      bootId: folder.bootId,
      door: () => functions.addressOf('worker'),
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
      calls: httpCalls((name) => functions.addressOf(name)),
      launcher,
      blobs,
      metrics: memoryMetrics(log),
      secrets,
      // There is no Firestore here that a client could listen to.
      tokens: { make: async () => null },
      idTokens: { verify: async () => null },
      http: createHttp({ allowLoopback: true }),
      clock,
      random,
      log,
      catalogue,
      settings,
      topicPrefix: '',
    };
    stops.push(() => functions.close());
    await functions.serve(deps, options.port);
    stops.push(announceIntake(folder.path('intake.json'), functions.addressOf('intake')));
    // Workers go before the functions, since they still need the door to hand back what they hold; messages go before the
    // workers, since what is handed back would start others.
    stops.push(() => launcher.stop());
    bus.start(functions.addresses());
    stops.push(() => bus.stop());
    // As an ended execution is an event on Google Cloud: the slot of a worker that died is found at once, not after its lease.
    const onExit = (_: string, slot: string): void => {
      deps.calls.due('dispatch', { slots: [slot], jobs: [], queues: [] }).catch((error: unknown) => {
        if (stopping === null) log.error('slot not looked at; sweep will', { slot, error: String(error) });
      });
    };
    stops.push(launcher.onExit(onExit));
    stops.push(functions.sweepEvery(settings.sweepEveryMs));

    const { url } = functions.addressOf('api');
    folder.announce(url);
    return { url, apiKey, catalogue, store, sweep: () => functions.sweep(true), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs stops, the last pushed first. */
export async function runReversed(stops: (() => unknown)[]): Promise<void> {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}

/** The program and arguments of a worker. */
export const workerProgram = ({ worker = WORKER }: StackOptions): [string, string] => [process.execPath, worker];

/** A folder without what workers of a former start left in it. Nothing else in it is touched: the data folder may be shared. */
export async function clearedFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const left = (await readdir(path)).filter((name) => /^slipway-(job|server)-/.test(name));
  await Promise.all(left.map((name) => rm(join(path, name), { recursive: true, force: true })));
  return resolve(path);
}
