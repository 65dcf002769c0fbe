import { describe, expect, test } from '@jest/globals';
import { ReadyReply } from '../../domain/contract/door.ts';
import { WorkerEnvironment } from '../../gpu-job/environment.ts';
import { plainEnvironment, readEnvironment } from '../../gpu-job/read-environment.ts';
import { readyReplyOf } from '../../gpu-job/ready-reply.ts';
import { ConfigError } from '../../host/config.ts';
import { ENV } from './harness.ts';

const GIVEN: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ...ENV, SLIPWAY_DOOR: 'https://door.example/' }).map(([name, value]) => [name, String(value)]),
);

describe('what is checked by hand on a worker’s way to its first claim agrees with the schemas:', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['as a launch gives it', {}],
    ['with all that is optional', { SLIPWAY_MODELS: '/a:/b', SLIPWAY_ALLOW_LOOPBACK: '1', GCE_METADATA_HOST: 'h:1' }],
    ['without a token', { SLIPWAY_DOOR_TOKEN: undefined }],
    ['with variables of others', { PATH: '/bin', SLIPWAY_STRANGE: '1' }],
  ])('an environment %s', (_, more) => {
    const env = { ...GIVEN, ...more };
    expect(plainEnvironment(env)).toEqual(WorkerEnvironment.parse(env));
  });

  test.each<[string, string | undefined]>([
    ...Object.keys(GIVEN)
      .filter((name) => name !== 'SLIPWAY_DOOR_TOKEN')
      .map((name): [string, undefined] => [name, undefined]),
    ['SLIPWAY_DOOR', 'door'],
    ['SLIPWAY_DOOR', 'https://'],
    ['SLIPWAY_FENCE', '1.5'],
    ['SLIPWAY_FENCE', 'x'],
    ['CLOUD_RUN_TASK_COUNT', '9'.repeat(20)],
    ['SLIPWAY_ALLOW_LOOPBACK', 'yes'],
  ])('an environment with %s=%s is refused, by name', async (name, value) => {
    const env = { ...GIVEN, [name]: value };
    expect(plainEnvironment(env)).toBeNull();
    const refused = await readEnvironment(env).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).variables).toEqual([name]);
  });

  test('what is odd and yet allowed is read by the schema', async () => {
    const env = { ...GIVEN, SLIPWAY_FENCE: ' 7 ', SLIPWAY_DOOR: 'HTTPS://door.example' };
    expect(plainEnvironment(env)).toBeNull();
    expect(await readEnvironment(env)).toEqual(WorkerEnvironment.parse(env));
  });

  const REPLY = { models: ['a'], renewEveryMs: 1, abandonAfterMs: 2, idleTimeoutMs: 0, maxLifetimeMs: 4 };
  test.each<[string, unknown]>([
    ['whole', REPLY],
    ['without models', { ...REPLY, models: [] }],
    ['that has grown', { ...REPLY, region: 'here' }],
    ['without its models', { ...REPLY, models: undefined }],
    ['with a model that is no name', { ...REPLY, models: ['a', 7] }],
    ['with models that are no list', { ...REPLY, models: { 0: 'a' } }],
    ['without a time', { ...REPLY, idleTimeoutMs: undefined }],
    ['with a time in parts', { ...REPLY, renewEveryMs: 1.5 }],
    ['with a time as text', { ...REPLY, maxLifetimeMs: '4' }],
    ['with a time without end', { ...REPLY, abandonAfterMs: 1e300 }],
    ['that is null', null],
    ['that is a text', 'ready'],
    ['that is a list', [REPLY]],
  ])('a reply to ready %s', (_, reply) => {
    expect(readyReplyOf(reply)).toEqual(ReadyReply.safeParse(reply).data ?? null);
  });
});
