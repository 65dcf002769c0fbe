import { afterAll, describe } from '@jest/globals';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { storageBlobs } from '../../cloud/storage.ts';
import { newAccount } from '../../emulators/account.ts';
import { startMetadataServer } from '../../emulators/metadata-server.ts';
import { startStorageServer } from '../../emulators/storage-server.ts';
import { newFolder } from '../local/folder.ts';
import { describeBlobs } from '../ports/describe-blobs.ts';

describeBlobs('Cloud Storage, signed with a key at hand', async () => {
  const account = newAccount('blobs@test.iam.gserviceaccount.com');
  const server = await startStorageServer({
    folder: newFolder(),
    bucket: 'test-bucket',
    accounts: [account],
    clock: systemClock,
    random: systemRandom,
  });
  const blobs = storageBlobs({
    projectId: 'test',
    bucket: 'test-bucket',
    endpoints: { storage: server.url },
    clock: systemClock,
    signer: account,
  });
  return { blobs, close: () => server.stop() };
});

describe('Cloud Storage, as in production: the account is the metadata server’s, the IAM API signs', () => {
  let servers: { stop(): Promise<void> }[] = [];
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    delete process.env['GCE_METADATA_HOST'];
  });

  describeBlobs('signBlob', async () => {
    const account = newAccount('api@test.iam.gserviceaccount.com');
    const metadata = await startMetadataServer('test', account);
    const at = {
      folder: newFolder(),
      bucket: 'test-bucket',
      accounts: [account],
      clock: systemClock,
      random: systemRandom,
    };
    const server = await startStorageServer(at);
    servers = [metadata, server];
    process.env['GCE_METADATA_HOST'] = metadata.host;
    const endpoints = { storage: server.url, iamCredentials: metadata.url };
    const blobs = storageBlobs({ projectId: 'test', bucket: 'test-bucket', endpoints, clock: systemClock });
    return { blobs, close: async () => undefined };
  });
});
