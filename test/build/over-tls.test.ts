import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { newAccount } from '../../emulators/account.ts';
import { startMetadataServer, type MetadataServer } from '../../emulators/metadata-server.ts';
import { newKey } from '../../functions/api/keys/key-text.ts';
import { systemRandom } from '../../host/random.ts';
import { DEPLOYABLES } from '../../scripts/build/deployables.ts';
import { built, type Built } from './built.ts';
import { startGoogleOverTls, type GoogleOverTls } from './google-over-tls.ts';
import { googlesForFunction, serve, type ServedProgram } from './program.ts';

/** Makes the certificate. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const testWithOpenssl = hasOpenssl ? test : test.skip;

let dist: Built;
let google: GoogleOverTls;
let metadata: MetadataServer;
let api: ServedProgram;
beforeAll(async () => {
  if (!hasOpenssl) return;
  dist = await built(DEPLOYABLES.filter(({ name }) => name === 'api'));
  google = await startGoogleOverTls();
  metadata = await startMetadataServer('test', newAccount('api@test.iam.gserviceaccount.com'));
  api = await serve(join(dist.folder, 'functions/api'), {
    ...googlesForFunction('api'),
    ...google.env,
    GCE_METADATA_HOST: metadata.host,
    GOOGLE_CLOUD_PROJECT: 'test',
    SLIPWAY_NAME: 'slipway',
    SLIPWAY_DATABASE: '(default)',
    SLIPWAY_BUCKET: 'blobs',
    SLIPWAY_REGIONS: 'here',
    SLIPWAY_OWN_HOSTS: 'api.example.com',
  });
}, 120_000);
afterAll(async () => {
  if (!hasOpenssl) return;
  await api.kill();
  await Promise.all([google.stop(), metadata.stop()]);
  dist.remove();
});

testWithOpenssl(
  'the built api takes a job from Firestore and Pub/Sub at their own names, over TLS, with the token of its account',
  async () => {
    const answer = await fetch(`${api.url}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${newKey(systemRandom).text}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'write-file', input: { text: 'abc' } }),
    });
    expect({ status: answer.status, errors: api.errors }).toEqual({ status: 201, errors: [] });
    const authorization = 'Bearer an access token of this machine';
    expect(google.heard).toEqual(['get', 'get', 'commit', 'publish'].map((call) => ({ call, authorization })));
  },
);
