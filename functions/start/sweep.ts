import { authenticatedCalls } from '../../cloud/calls.ts';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { cloudGauges } from '../../cloud/monitoring.ts';
import { platformGuard } from '../http/platform-guard.ts';
import { sweep } from '../sweep.ts';
import { readCatalogue } from './catalogue.ts';
import { endpointsOf } from './config.ts';
import { startFunction } from './start.ts';

await startFunction('sweep', (config, base) => {
  const at = { projectId: config.GOOGLE_CLOUD_PROJECT, endpoints: endpointsOf(config) };
  const name = config.SLIPWAY_NAME;
  const deps = {
    ...base,
    store: firestoreStore({ ...base, ...at, databaseId: config.SLIPWAY_DATABASE }),
    calls: authenticatedCalls({
      dispatch: config.SLIPWAY_DISPATCH_URL,
      'on-job-event': config.SLIPWAY_ON_JOB_EVENT_URL,
      'deliver-webhook': config.SLIPWAY_DELIVER_WEBHOOK_URL,
    }),
    metrics: cloudGauges({ ...base, ...at, name, region: config.SLIPWAY_REGION }),
    catalogue: readCatalogue(base.folder, config.SLIPWAY_REGIONS),
  };
  return { served: sweep(deps), guard: platformGuard({ callers: config.SLIPWAY_CALLERS, clock: base.clock }) };
});
