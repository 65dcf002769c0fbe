import { firebaseTokens } from '../../cloud/client-tokens.ts';
import { googleIdTokens } from '../../cloud/id-tokens.ts';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { pubsubBus } from '../../cloud/pubsub.ts';
import { secretManager } from '../../cloud/secrets.ts';
import { storageBlobs } from '../../cloud/storage.ts';
import { checkedAddress } from '../../host/address-check.ts';
import { releaseIn } from '../../host/release.ts';
import { api } from '../api/api.ts';
import { apiGuard } from '../api/guard.ts';
import { readCatalogue } from './catalogue.ts';
import { endpointsOf } from './config.ts';
import { startFunction } from './start.ts';

await startFunction('api', (config, base) => {
  const at = { projectId: config.GOOGLE_CLOUD_PROJECT, endpoints: endpointsOf(config) };
  const database = { ...at, databaseId: config.SLIPWAY_DATABASE };
  const name = config.SLIPWAY_NAME;
  const rules = { allowLoopback: false, ownHosts: config.SLIPWAY_OWN_HOSTS };
  const deps = {
    ...base,
    store: firestoreStore({ ...base, ...database }),
    bus: pubsubBus({ ...base, ...at, name }),
    blobs: storageBlobs({ ...base, ...at, bucket: config.SLIPWAY_BUCKET }),
    secrets: secretManager({ ...base, ...at, name }),
    tokens: firebaseTokens({ ...base, ...database }),
    idTokens: googleIdTokens({ ...base, ...at, audiences: config.SLIPWAY_TOKEN_AUDIENCES }),
    http: { check: (url: string) => void checkedAddress(url, rules) },
    catalogue: readCatalogue(base.folder, config.SLIPWAY_REGIONS),
    release: releaseIn(base.folder),
  };
  return { served: api(deps), guard: apiGuard(deps, { takesChosenKeys: false }) };
});
