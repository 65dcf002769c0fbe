import { firestoreStore } from '../../cloud/firestore/store.ts';
import { logMetrics } from '../../cloud/log-metrics.ts';
import { pubsubBus } from '../../cloud/pubsub.ts';
import { storageBlobs } from '../../cloud/storage.ts';
import { platformGuard } from '../http/platform-guard.ts';
import { onJobEvent } from '../on-job-event.ts';
import { readCatalogue } from './catalogue.ts';
import { endpointsOf } from './config.ts';
import { startFunction } from './start.ts';

await startFunction('on-job-event', (config, base) => {
  const at = { projectId: config.GOOGLE_CLOUD_PROJECT, endpoints: endpointsOf(config) };
  const deps = {
    ...base,
    store: firestoreStore({ ...base, ...at, databaseId: config.SLIPWAY_DATABASE }),
    bus: pubsubBus({ ...base, ...at, name: config.SLIPWAY_NAME }),
    blobs: storageBlobs({ ...base, ...at, bucket: config.SLIPWAY_BUCKET }),
    metrics: logMetrics(base.log),
    catalogue: readCatalogue(base.folder, config.SLIPWAY_REGIONS),
  };
  return { served: onJobEvent(deps), guard: platformGuard({ callers: config.SLIPWAY_CALLERS, clock: base.clock }) };
});
