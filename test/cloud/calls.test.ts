import { afterAll, beforeAll } from '@jest/globals';
import { authenticatedCalls } from '../../cloud/calls.ts';
import { newAccount } from '../../emulators/account.ts';
import { startMetadataServer, type MetadataServer } from '../../emulators/metadata-server.ts';
import { platformGuard } from '../../functions/http/platform-guard.ts';
import { systemClock } from '../../host/clock.ts';
import { describeCalls } from '../ports/describe-calls.ts';

const account = newAccount('sweep@test.iam.gserviceaccount.com');
let metadata: MetadataServer;
beforeAll(async () => {
  metadata = await startMetadataServer('test', account);
  process.env['GCE_METADATA_HOST'] = metadata.host;
});
afterAll(async () => {
  delete process.env['GCE_METADATA_HOST'];
  await metadata.stop();
});

const guard = platformGuard({ callers: [account.email], clock: systemClock });

describeCalls(
  'Google Cloud',
  () => guard,
  async (urls) => ({ calls: authenticatedCalls(urls), close: async () => undefined }),
);
