import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { secretManager } from '../../cloud/secrets.ts';
import type { GrpcServer } from '../../emulators/grpc-server.ts';
import { startSecretsServer } from '../../emulators/secrets-server.ts';

let server: GrpcServer;
const values = new Map([
  ['slipway-idempotency-pepper', 'sälzig'],
  ['empty-idempotency-pepper', ''],
]);
beforeAll(async () => {
  server = await startSecretsServer(async (name) => values.get(name) ?? null);
});
afterAll(() => server.stop());

const secrets = (name: string) =>
  secretManager({ projectId: 'test', name, endpoints: { secretManager: server.address } });

test('a secret is the newest version of the deployment’s own', async () => {
  expect(await secrets('slipway').get('idempotency-pepper')).toBe('sälzig');
});

test.each([
  ['missing', 'other', /not found/],
  ['empty', 'empty', /is empty/],
])('one that is %s is an error that names it, never an empty value', async (_, name, says) => {
  await expect(secrets(name).get('idempotency-pepper')).rejects.toThrow(says);
});
