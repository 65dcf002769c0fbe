import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { secretManager } from '../../cloud/secrets.ts';
import type { GrpcServer } from '../../emulators/grpc-server.ts';
import { startSecretsServer } from '../../emulators/secrets-server.ts';
import { systemClock } from '../../host/clock.ts';
import { describeSecrets } from '../ports/describe-secrets.ts';

let server: GrpcServer;
const values = new Map<string, string>();
beforeAll(async () => {
  server = await startSecretsServer(async (name) => values.get(name) ?? null);
});
afterAll(() => server.stop());

const secrets = (name: string) =>
  secretManager({ projectId: 'test', name, endpoints: { secretManager: server.address }, clock: systemClock });

describeSecrets('Secret Manager', async (value) => {
  values.set('slipway-idempotency-pepper', value);
  return secrets('slipway');
});

test('one that is missing is an error that names it', async () => {
  await expect(secrets('other').get('idempotency-pepper')).rejects.toThrow(/other-idempotency-pepper.*not found/);
});
