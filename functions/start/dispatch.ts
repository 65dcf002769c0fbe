import { cloudRunLauncher } from '../../cloud/cloud-run.ts';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { pubsubBus } from '../../cloud/pubsub.ts';
import { dispatch } from '../dispatch.ts';
import { platformGuard } from '../http/platform-guard.ts';
import { readCatalogue } from './catalogue.ts';
import { endpointsOf } from './config.ts';
import { startFunction } from './start.ts';

await startFunction('dispatch', (config, base) => {
  const at = { projectId: config.GOOGLE_CLOUD_PROJECT, endpoints: endpointsOf(config) };
  const name = config.SLIPWAY_NAME;
  const deps = {
    ...base,
    store: firestoreStore({ ...base, ...at, databaseId: config.SLIPWAY_DATABASE }),
    bus: pubsubBus({ ...base, ...at, name }),
    launcher: cloudRunLauncher({ ...at, name }),
    catalogue: readCatalogue(base.folder, config.SLIPWAY_REGIONS),
  };
  return { served: dispatch(deps), guard: platformGuard({ callers: config.SLIPWAY_CALLERS, clock: base.clock }) };
});
