import { firestoreStore } from '../../cloud/firestore/store.ts';
import { pubsubBus, topicName } from '../../cloud/pubsub.ts';
import { secretManager } from '../../cloud/secrets.ts';
import { storageBlobs } from '../../cloud/storage.ts';
import { checkedAddress } from '../../host/address-check.ts';
import { platformGuard } from '../http/platform-guard.ts';
import { intake } from '../intake.ts';
import { readCatalogue } from './catalogue.ts';
import { endpointsOf } from './config.ts';
import { startFunction } from './start.ts';

await startFunction('intake', (config, base) => {
  const at = { projectId: config.GOOGLE_CLOUD_PROJECT, endpoints: endpointsOf(config) };
  const name = config.SLIPWAY_NAME;
  const rules = { allowLoopback: false, ownHosts: config.SLIPWAY_OWN_HOSTS };
  const deps = {
    ...base,
    store: firestoreStore({ ...base, ...at, databaseId: config.SLIPWAY_DATABASE }),
    bus: pubsubBus({ ...base, ...at, name }),
    blobs: storageBlobs({ ...base, ...at, bucket: config.SLIPWAY_BUCKET }),
    secrets: secretManager({ ...base, ...at, name }),
    http: { check: (url: string) => void checkedAddress(url, rules) },
    catalogue: readCatalogue(base.folder, config.SLIPWAY_REGIONS),
    topicPrefix: topicName(name, ''),
  };
  return { served: intake(deps), guard: platformGuard({ callers: config.SLIPWAY_CALLERS, clock: base.clock }) };
});
