import { z } from 'zod';
import type { Endpoints } from '../../cloud/endpoints.ts';
import type { FunctionName } from '../../eventarc/routes.ts';

const list = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.string().min(1, 'has an empty part between its commas')).min(1));

const address = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
const hostAndPort = z.string().regex(/^[^/:\s]+:\d+$/, 'must be host:port');

/** What every function has. Nothing that matters has a default: the deployment sets it. */
const EVERY = {
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port')
    .transform(Number)
    .describe('set by Cloud Run'),
  GOOGLE_CLOUD_PROJECT: z.string().min(1).describe('the id of the project'),
  SLIPWAY_LISTEN: z.string().default('0.0.0.0').describe('the address to listen on; 0.0.0.0 unless set'),
};

const STORE = {
  SLIPWAY_DATABASE: z.string().min(1).describe('the id of the Firestore database, "(default)" for the first one'),
  FIRESTORE_EMULATOR_HOST: hostAndPort.optional(),
};

const NAMED = {
  SLIPWAY_NAME: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and hyphens')
    .describe('the prefix of what this deployment is made of: topics, Cloud Run Jobs, secrets'),
};

const BUS = { PUBSUB_EMULATOR_HOST: hostAndPort.optional() };

const SIGNS = {
  IAM_CREDENTIALS_URL: address.optional().describe('in the place of Google’s own, for tests'),
};

const BLOBS = {
  SLIPWAY_BUCKET: z.string().min(1).describe('the bucket that files and artifacts lie in'),
  STORAGE_EMULATOR_HOST: address.optional(),
  ...SIGNS,
};

const CATALOGUE = {
  SLIPWAY_REGIONS: list.describe(
    'the regions that pools are deployed to, the preferred one first, separated by commas',
  ),
};

const PRIVATE = {
  SLIPWAY_CALLERS: list.describe('the service accounts that may call this function, by address, separated by commas'),
};

const OUTBOUND = {
  SLIPWAY_OWN_HOSTS: list.describe(
    'host names of this deployment, which no webhook may be sent to, separated by commas',
  ),
};

/** The environment of each function, and no variable that it does not read. */
export const CONFIGS = {
  api: z.object({
    ...EVERY,
    ...NAMED,
    ...STORE,
    ...BUS,
    ...BLOBS,
    ...CATALOGUE,
    ...OUTBOUND,
    SLIPWAY_TOKEN_AUDIENCES: list
      .optional()
      .transform((audiences) => audiences ?? [])
      .describe('what ID tokens of Google accounts may be for, separated by commas; none are taken unless set'),
    SECRET_MANAGER_EMULATOR_HOST: hostAndPort.optional(),
  }),
  intake: z.object({
    ...EVERY,
    ...NAMED,
    ...STORE,
    ...BUS,
    ...BLOBS,
    ...CATALOGUE,
    ...OUTBOUND,
    ...PRIVATE,
    SECRET_MANAGER_EMULATOR_HOST: hostAndPort.optional(),
  }),
  dispatch: z.object({
    ...EVERY,
    ...NAMED,
    ...STORE,
    ...BUS,
    ...CATALOGUE,
    ...PRIVATE,
    RUN_EMULATOR_HOST: hostAndPort.optional(),
  }),
  worker: z.object({ ...EVERY, ...NAMED, ...STORE, ...BUS, ...BLOBS, ...CATALOGUE, ...PRIVATE }),
  'on-job-event': z.object({ ...EVERY, ...NAMED, ...STORE, ...BUS, ...BLOBS, ...CATALOGUE, ...PRIVATE }),
  'deliver-webhook': z.object({ ...EVERY, ...STORE, ...OUTBOUND, ...PRIVATE }),
  sweep: z.object({
    ...EVERY,
    ...NAMED,
    ...STORE,
    ...CATALOGUE,
    ...PRIVATE,
    SLIPWAY_REGION: z.string().min(1).describe('the region that this function runs in, as its gauges say it'),
    SLIPWAY_DISPATCH_URL: address.describe('the address of dispatch'),
    SLIPWAY_ON_JOB_EVENT_URL: address.describe('the address of on-job-event'),
    SLIPWAY_DELIVER_WEBHOOK_URL: address.describe('the address of deliver-webhook'),
    MONITORING_EMULATOR_HOST: hostAndPort.optional(),
  }),
} as const satisfies Record<FunctionName, z.ZodObject>;

export type Config<N extends FunctionName> = z.output<(typeof CONFIGS)[N]>;

/** Where the clients of this function find Google's APIs: everywhere but in tests, at Google. */
export function endpointsOf(
  config: Readonly<Partial<Record<`${string}_EMULATOR_HOST` | 'IAM_CREDENTIALS_URL', unknown>>>,
): Endpoints {
  const at = config as Readonly<Record<string, string | undefined>>;
  return {
    firestore: at['FIRESTORE_EMULATOR_HOST'],
    pubsub: at['PUBSUB_EMULATOR_HOST'],
    run: at['RUN_EMULATOR_HOST'],
    monitoring: at['MONITORING_EMULATOR_HOST'],
    secretManager: at['SECRET_MANAGER_EMULATOR_HOST'],
    storage: at['STORAGE_EMULATOR_HOST'],
    iamCredentials: at['IAM_CREDENTIALS_URL'],
  };
}
