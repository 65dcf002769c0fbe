import { describe, expect, test } from '@jest/globals';
import { FUNCTION_NAMES, type FunctionName } from '../../eventarc/routes.ts';
import { GRANTS } from '../../eventarc/grants.ts';
import { CONFIGS, endpointsOf } from '../../functions/start/config.ts';
import { ConfigError, readConfig } from '../../host/config.ts';

const ALL: Record<string, string> = {
  PORT: '8080',
  GOOGLE_CLOUD_PROJECT: 'a-project',
  SLIPWAY_NAME: 'slipway',
  SLIPWAY_DATABASE: '(default)',
  SLIPWAY_BUCKET: 'a-bucket',
  SLIPWAY_REGIONS: 'us-central1, europe-west4',
  SLIPWAY_CALLERS: 'sweep@a-project.iam.gserviceaccount.com',
  SLIPWAY_OWN_HOSTS: 'api.example.com',
  SLIPWAY_REGION: 'us-central1',
  SLIPWAY_DISPATCH_URL: 'https://dispatch/',
  SLIPWAY_ON_JOB_EVENT_URL: 'https://on-job-event/',
  SLIPWAY_DELIVER_WEBHOOK_URL: 'https://deliver-webhook/',
};

/** Just what one function reads. */
const envOf = (name: FunctionName): Record<string, string> =>
  Object.fromEntries(Object.entries(ALL).filter(([variable]) => variable in CONFIGS[name].shape));

const read = (name: FunctionName, env: Record<string, string | undefined>): Record<string, unknown> =>
  readConfig(name, CONFIGS[name], env, { strict: true });

function errorOf(name: FunctionName, env: Record<string, string | undefined>): ConfigError {
  try {
    read(name, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe.each(FUNCTION_NAMES)('the environment of %s', (name) => {
  test('is read, lists taken apart', () => {
    const config = read(name, envOf(name));
    expect(config['PORT']).toBe(8080);
    if ('SLIPWAY_REGIONS' in config) expect(config['SLIPWAY_REGIONS']).toEqual(['us-central1', 'europe-west4']);
    expect(Object.values(endpointsOf(config)).every((endpoint) => endpoint === undefined)).toBe(true);
  });

  test('has no default for anything that Terraform sets: each variable is missed by name, with what it is for', () => {
    for (const variable of Object.keys(envOf(name))) {
      const error = errorOf(name, { ...envOf(name), [variable]: undefined });
      expect(error.variables).toEqual([variable]);
      expect(error.message).toMatch(new RegExp(`${variable}: is missing \\(.{10,}\\)`));
    }
  });

  test('may not have a variable of ours that the function does not read', () => {
    const error = errorOf(name, { ...envOf(name), SLIPWAY_DATABSE: 'typo', SLIPWAY_COLOUR: 'red' });
    expect(error.variables).toEqual(['SLIPWAY_DATABSE', 'SLIPWAY_COLOUR']);
    expect(error.message).toContain('Was SLIPWAY_DATABASE meant?');
  });

  test('has what its grants need, and no more', () => {
    const { store, publishes, launches, blobs, calls, egress } = GRANTS[name];
    const has = (variable: string): boolean => variable in CONFIGS[name].shape;
    expect({
      store: has('SLIPWAY_DATABASE'),
      bus: has('PUBSUB_EMULATOR_HOST'),
      launcher: has('RUN_EMULATOR_HOST'),
      blobs: has('SLIPWAY_BUCKET'),
      calls: has('SLIPWAY_DISPATCH_URL'),
    }).toEqual({
      store: store !== 'none',
      bus: publishes.length > 0,
      launcher: launches,
      blobs: blobs.length > 0,
      calls: calls.length > 0,
    });
    // Who sends to addresses of users, and who takes them down, must know which are our own.
    expect(has('SLIPWAY_OWN_HOSTS')).toBe(egress || name === 'api' || name === 'intake');
  });
});

test.each<[FunctionName, string, string, RegExp]>([
  ['api', 'PORT', 'http', /must be a port/],
  ['api', 'SLIPWAY_NAME', 'My Slipway', /lower-case letters/],
  ['dispatch', 'SLIPWAY_REGIONS', '', /empty part/],
  ['dispatch', 'SLIPWAY_REGIONS', 'us-central1,,x', /empty part/],
  ['sweep', 'SLIPWAY_DISPATCH_URL', 'dispatch.run.app', /http or https address/],
  ['sweep', 'SLIPWAY_DISPATCH_URL', 'ftp://dispatch', /http or https address/],
  ['api', 'FIRESTORE_EMULATOR_HOST', 'http://127.0.0.1:8080', /must be host:port/],
])('%s refuses %s=%p and says why', (name, variable, value, says) => {
  const error = errorOf(name, { ...envOf(name), [variable]: value });
  expect(error.variables).toEqual([variable]);
  expect(error.message).toMatch(says);
});

test('everything that is wrong is said at once', () => {
  expect(errorOf('sweep', {}).variables).toEqual(Object.keys(envOf('sweep')));
});
