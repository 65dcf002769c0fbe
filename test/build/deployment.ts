import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { firestoreStore, type FirestoreStore } from '../../cloud/firestore/store.ts';
import { create, refs } from '../../domain/ports.ts';
import { newAccount, type Account } from '../../emulators/account.ts';
import { startEventarc } from '../../emulators/eventarc.ts';
import { startIdentityServer } from '../../emulators/identity-server.ts';
import { identityToken, startMetadataServer, type MetadataServer } from '../../emulators/metadata-server.ts';
import { startMonitoringServer, type MonitoringServer } from '../../emulators/monitoring-server.ts';
import { startRunServer, type RunServer } from '../../emulators/run-server.ts';
import { startSecretsServer } from '../../emulators/secrets-server.ts';
import { startStorageServer } from '../../emulators/storage-server.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../eventarc/routes.ts';
import { CONFIGS } from '../../functions/start/config.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import type { BusOptions } from '../../local/bus.ts';
import { newProject } from '../emulators/here.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { tempFolder } from '../worker/harness.ts';
import { MODELS } from './built.ts';
import { googlesForFunction, serve, type ServedProgram } from './program.ts';

const NAME = 'slipway';
const REGION = 'here';
const DATABASE = '(default)';
const BUCKET = 'slipway-blobs';
const API_KEY = 'slw_a-key-of-the-tests';

/** Everything that has an account of its own: the functions, the workers, and what calls on Google's behalf. */
const ACCOUNTS = [...FUNCTION_NAMES, 'gpu-job', 'eventarc', 'push', 'scheduler'] as const;
type AccountName = (typeof ACCOUNTS)[number];

/** Who may call what, as Terraform will say it. */
const CALLERS: Readonly<Record<FunctionName, readonly AccountName[]>> = {
  api: [],
  intake: ['eventarc'],
  dispatch: ['eventarc', 'sweep'],
  worker: ['gpu-job'],
  'on-job-event': ['eventarc', 'sweep'],
  'deliver-webhook': ['push', 'sweep'],
  sweep: ['scheduler'],
};

/** The built functions as processes on Google's emulators and the test servers; the Cloud Run Job is the built worker. */
export interface Deployment {
  readonly projectId: string;
  readonly functions: Readonly<Record<FunctionName, ServedProgram>>;
  readonly accounts: Readonly<Record<AccountName, Account>>;
  readonly store: FirestoreStore;
  readonly run: RunServer;
  readonly monitoring: MonitoringServer;
  readonly identityUrl: string;
  /** What workers and events say. */
  readonly log: CapturedLog;
  /** What becomes of each message; as it should unless a test says otherwise. */
  plan: NonNullable<BusOptions['plan']>;
  /** A request to the api. */
  call(method: string, path: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A request to another function, with the ID token of an account. */
  post(
    to: FunctionName,
    as: AccountName,
    body: string | Uint8Array,
    headers: Record<string, string>,
  ): Promise<Response>;
  stop(): Promise<void>;
}

/** @param dist where everything was built to */
export async function deploy(
  dist: string,
  emulators: { readonly firestore: string; readonly pubsub: string },
): Promise<Deployment> {
  const projectId = newProject();
  const base = { clock: systemClock, random: systemRandom, log: capturedLog() };
  const accounts = Object.fromEntries(
    ACCOUNTS.map((name) => [name, newAccount(`${name}@${projectId}.iam.gserviceaccount.com`)]),
  ) as Record<AccountName, Account>;
  const stops: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };

  try {
    const metadata = {} as Record<AccountName, MetadataServer>;
    for (const name of ACCOUNTS) {
      metadata[name] = await startMetadataServer(projectId, accounts[name]);
      stops.push(() => metadata[name].stop());
    }
    const secrets = await startSecretsServer(async (name) => (name === `${NAME}-idempotency-pepper` ? 'pepper' : null));
    stops.push(() => secrets.stop());
    const monitoring = await startMonitoringServer();
    stops.push(() => monitoring.stop());
    const storage = await startStorageServer({
      ...base,
      folder: tempFolder(),
      bucket: BUCKET,
      accounts: [accounts.api, accounts.worker],
    });
    stops.push(() => storage.stop());
    const identity = await startIdentityServer({ ...base, projectId, account: accounts.api });
    stops.push(() => identity.stop());
    const store = firestoreStore({ ...base, callMs: 20_000, projectId, databaseId: DATABASE, endpoints: emulators });
    stops.push(() => store.close());
    const hash = createHash('sha256').update(API_KEY).digest('hex');
    const its = { schema: 1, createdAtMs: Date.now() } as const;
    await store.commit([
      create(refs.key(hash), { ...its, tenant: 'acme' }),
      create(refs.tenant('acme'), { ...its, id: 'acme', title: '', accounts: [], keyChanges: 0, eventsTopic: true }),
    ]);

    const functions = {} as Record<FunctionName, ServedProgram>;
    const run = await startRunServer({
      ...base,
      jobs: (name) => {
        if (name !== `projects/${projectId}/locations/${REGION}/jobs/${NAME}-files`) return null;
        const env = {
          SLIPWAY_DOOR: functions.worker.url,
          SLIPWAY_MODELS: MODELS,
          GCE_METADATA_HOST: metadata['gpu-job'].host,
        };
        return { program: [process.execPath, join(dist, 'worker/main.mjs')] as const, cwd: tempFolder(), env };
      },
    });
    stops.push(() => run.stop());

    // Those that sweep calls have to be there before it.
    for (const name of FUNCTION_NAMES) {
      const values: Record<string, string> = {
        GOOGLE_CLOUD_PROJECT: projectId,
        SLIPWAY_NAME: NAME,
        SLIPWAY_DATABASE: DATABASE,
        SLIPWAY_BUCKET: BUCKET,
        SLIPWAY_REGIONS: REGION,
        SLIPWAY_REGION: REGION,
        SLIPWAY_CALLERS: CALLERS[name].map((caller) => accounts[caller].email).join(','),
        SLIPWAY_OWN_HOSTS: 'api.example.com',
        SLIPWAY_DISPATCH_URL: functions.dispatch?.url ?? '',
        SLIPWAY_ON_JOB_EVENT_URL: functions['on-job-event']?.url ?? '',
        SLIPWAY_DELIVER_WEBHOOK_URL: functions['deliver-webhook']?.url ?? '',
        FIRESTORE_EMULATOR_HOST: emulators.firestore,
        PUBSUB_EMULATOR_HOST: emulators.pubsub,
        RUN_EMULATOR_HOST: run.address,
        MONITORING_EMULATOR_HOST: monitoring.address,
        SECRET_MANAGER_EMULATOR_HOST: secrets.address,
        STORAGE_EMULATOR_HOST: storage.url,
        IAM_CREDENTIALS_URL: metadata[name].url,
      };
      const own = Object.entries(values).filter(([variable]) => variable in CONFIGS[name].shape);
      const env = { ...googlesForFunction(name), ...Object.fromEntries(own), GCE_METADATA_HOST: metadata[name].host };
      functions[name] = await serve(join(dist, 'functions', name), env);
      stops.push(() => functions[name].kill());
    }

    const deployment: Deployment = {
      projectId,
      functions,
      accounts,
      store,
      run,
      monitoring,
      identityUrl: identity.url,
      log: base.log,
      plan: () => [0],
      call: (method, path, body, headers = {}) =>
        fetch(`${functions.api.url}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${API_KEY}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      post: (to, as, body, headers) =>
        fetch(functions[to].url, {
          method: 'POST',
          headers: { authorization: `Bearer ${identityToken(accounts[as], functions[to].url)}`, ...headers },
          body,
        }),
      stop,
    };
    const eventarc = await startEventarc({
      ...emulators,
      projectId,
      name: NAME,
      log: base.log,
      plan: (delivery) => deployment.plan(delivery),
      addressOf: (to) => {
        const caller = accounts[to === 'deliver-webhook' ? 'push' : 'eventarc'];
        return { url: functions[to].url, token: identityToken(caller, functions[to].url) };
      },
    });
    stops.push(() => eventarc.stop());
    await eventarc.openTopicsOf('acme');
    return deployment;
  } catch (error) {
    await stop();
    throw error;
  }
}
