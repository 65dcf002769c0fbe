import { resolve } from 'node:path';
import { firebaseTokens } from '../cloud/client-tokens.ts';
import { cloudRunLauncher } from '../cloud/cloud-run.ts';
import { firestoreStore } from '../cloud/firestore/store.ts';
import { logMetrics } from '../cloud/log-metrics.ts';
import { cloudGauges } from '../cloud/monitoring.ts';
import { pubsubBus, topicName } from '../cloud/pubsub.ts';
import { secretManager } from '../cloud/secrets.ts';
import { storageBlobs } from '../cloud/storage.ts';
import type { Log, Store } from '../domain/ports.ts';
import { SECOND } from '../domain/time.ts';
import { DEFAULT_SETTINGS } from '../domain/settings.ts';
import type { Deps } from '../functions/deps.ts';
import { loadCatalogue } from '../gpu-job/models/catalogue.ts';
import { systemClock } from '../host/clock.ts';
import { createHttp } from '../host/http.ts';
import { systemRandom } from '../host/random.ts';
import { admitOnly } from '../local/api-key.ts';
import { openDataFolder } from '../local/data-folder.ts';
import { httpCalls } from '../local/calls.ts';
import { hostedFunctions } from '../local/hosted-functions.ts';
import { fileSecrets } from '../local/secrets.ts';
import {
  clearedFolder,
  REGION,
  runReversed,
  TENANT,
  workerProgram,
  type Stack,
  type StackOptions,
} from '../local/stack.ts';
import { newAccount } from './account.ts';
import { useEmulators } from './emulators.ts';
import { startEventarc, type Eventarc } from './eventarc.ts';
import type { HttpServer } from './http-server.ts';
import { startIdentityServer } from './identity-server.ts';
import { startMonitoringServer, type MonitoringServer } from './monitoring-server.ts';
import { loadRules } from './rules.ts';
import { startRunServer, type RunServer } from './run-server.ts';
import { startSecretsServer } from './secrets-server.ts';
import { startStorageServer } from './storage-server.ts';

/** The prefix of every name that a deployment has on Google Cloud. */
const NAME = 'slipway';
const BUCKET = 'slipway-blobs';
const DATABASE = '(default)';

export interface EmulatorStackOptions extends StackOptions {
  /** Each project is a world of its own on one pair of emulators. */
  readonly projectId: string;
  /** Where the emulators are looked for; those that it does not name are started. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A whole Slipway with the adapters of production. */
export interface EmulatorStack extends Stack {
  readonly projectId: string;
  readonly run: RunServer;
  readonly monitoring: MonitoringServer;
  /** Where clients sign in: for `connectAuthEmulator`. */
  readonly identity: HttpServer;
  readonly emulators: { readonly firestore: string; readonly pubsub: string };
}

/** Whose topics are made: more are not to be expected on one machine. */
const MOST_TENANTS = 1_000;

/** How long a call may take: emulators share a machine with all that they serve, and are slow where that is busy. */
const PATIENCE_MS = 20 * SECOND;

/**
 * Starts everything in order: emulators, the servers that stand for the other APIs, functions, messages; then one sweep.
 * Only what Google has no emulator for is ours: Cloud Run, Storage, Monitoring, Secret Manager, the scheduler; and
 * Firebase's sign-in, whose emulator is no component of the Google Cloud CLI.
 * @throws EmulatorsMissingError, CatalogueError (a faulty model.yaml), or the listen error of the port
 */
export async function startEmulatorStack(options: EmulatorStackOptions): Promise<EmulatorStack> {
  const { log, projectId, plan } = options;
  const modelFolders = options.modelFolders.map((folder) => resolve(folder));
  const base = { clock: systemClock, random: systemRandom, log };
  const { clock, random } = base;
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
    // Held as that of npm start is, by its database, in which nothing is kept here.
    const held = openDataFolder(resolve(options.dataFolder), base);
    stops.push(() => held.close());
    const folder = held.path;
    const emulators = await useEmulators(options.env);
    stops.push(() => emulators.stop());
    await loadRules(emulators.firestore, projectId);
    const kept = fileSecrets(folder('secrets'), random);
    const apiKey = options.apiKey ?? `slw_${await kept.ensureSecret('api-key')}`;
    const account = newAccount(`${NAME}@${projectId}.iam.gserviceaccount.com`);

    const functions = hostedFunctions(base);
    const secrets = await startSecretsServer((name) => kept.ensureSecret(name));
    stops.push(() => secrets.stop());
    const monitoring = await startMonitoringServer();
    stops.push(() => monitoring.stop());
    const storage = await startStorageServer({
      ...base,
      folder: folder('blobs'),
      bucket: BUCKET,
      accounts: [account],
    });
    stops.push(() => storage.stop());
    const identity = await startIdentityServer({ ...base, projectId, account });
    stops.push(() => identity.stop());
    const tmpFolder = await clearedFolder(folder('worker-tmp'));
    const template = {
      program: workerProgram(options),
      cwd: folder('.'),
    };
    const store = firestoreStore({
      ...base,
      projectId,
      databaseId: DATABASE,
      endpoints: { firestore: emulators.firestore },
      callMs: PATIENCE_MS,
    });
    stops.push(() => store.close());
    await admitOnly(store, folder('admitted-key'), apiKey, TENANT, clock.nowMs());
    // Workers go before the functions, since they still need the door to hand back what they hold; messages go before the
    // workers, since what is handed back would start others.
    stops.push(() => functions.close());
    const run = await startRunServer({
      ...base,
      jobs: (name) => {
        const pool = new RegExp(`^projects/${projectId}/locations/${REGION}/jobs/${NAME}-(.+)$`).exec(name)?.[1];
        if (pool === undefined || !catalogue.queues.has(`${pool}@${REGION}`)) return null;
        const { url, token } = functions.addressOf('worker');
        const env = {
          SLIPWAY_DOOR: url,
          SLIPWAY_DOOR_TOKEN: token,
          SLIPWAY_MODELS: modelFolders.join(':'),
          SLIPWAY_ALLOW_LOOPBACK: '1',
          TMPDIR: tmpFolder,
        };
        return { ...template, env };
      },
    });
    stops.push(() => run.stop());

    const at = {
      projectId,
      callMs: PATIENCE_MS,
      endpoints: {
        pubsub: emulators.pubsub,
        run: run.address,
        monitoring: monitoring.address,
        secretManager: secrets.address,
        storage: storage.url,
      },
    };
    const deps: Deps = {
      ...base,
      store,
      bus: pubsubBus({ ...base, ...at, name: NAME }),
      calls: httpCalls((name) => functions.addressOf(name)),
      // What an earlier start launched has died with it: its workers were its children.
      launcher: { ...cloudRunLauncher({ ...at, name: NAME }), aliveSinceMs: clock.nowMs() },
      blobs: storageBlobs({ ...at, clock, bucket: BUCKET, signer: account }),
      metrics: { ...logMetrics(log), ...cloudGauges({ ...base, ...at, name: NAME, region: REGION }) },
      secrets: secretManager({ ...base, ...at, name: NAME }),
      tokens: firebaseTokens({ ...at, databaseId: DATABASE, clock, signer: account }),
      // The sign-in that stands for Firebase's here signs nothing that could be held against a certificate.
      idTokens: { verify: async () => null },
      http: createHttp({ allowLoopback: true }),
      catalogue,
      settings,
      topicPrefix: topicName(NAME, ''),
    };
    await functions.serve(deps, options.port);
    const addressOf = functions.addressOf.bind(functions);
    const eventarc = await startEventarc({ ...emulators, projectId, name: NAME, addressOf, log, plan });
    stops.push(() => eventarc.stop());
    await eventarc.openTopicsOf(TENANT);
    stops.push(openTopics(store, eventarc, log));
    stops.push(functions.sweepEvery(settings.sweepEveryMs));

    const { url } = functions.addressOf('api');
    held.announce(url);
    const sweep = (): Promise<void> => functions.sweep(true);
    return { url, apiKey, projectId, catalogue, store, run, monitoring, identity, emulators, sweep, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Has every tenant's topics made, soon after it is made itself; on Google Cloud that is Terraform's. Returns the stop. */
function openTopics(store: Store, eventarc: Eventarc, log: Log): () => void {
  const opened = new Set<string>([TENANT]);
  const look = async (): Promise<void> => {
    const { items } = await store.query('allTenants', { schema: 1 }, { limit: MOST_TENANTS });
    for (const { data } of items) {
      if (opened.has(data.id)) continue;
      await eventarc.openTopicsOf(data.id);
      opened.add(data.id);
    }
  };
  return store.watch({ shape: 'allTenants', where: { schema: 1 } }, () => {
    look().catch((error: unknown) => log.error('topics of a tenant not made', { error: String(error) }));
  });
}
