import { firestoreStore } from '../../cloud/firestore/store.ts';
import { refs, type Http } from '../../domain/ports.ts';
import { checkedAddress, type AddressRules } from '../../host/address-check.ts';
import { deliverWebhook } from '../deliver-webhook.ts';
import { platformGuard } from '../http/platform-guard.ts';
import { endpointsOf } from './config.ts';
import { startFunction } from './start.ts';

await startFunction('deliver-webhook', (config, base) => {
  const at = { projectId: config.GOOGLE_CLOUD_PROJECT, endpoints: endpointsOf(config) };
  const deps = {
    ...base,
    store: firestoreStore({ ...base, ...at, databaseId: config.SLIPWAY_DATABASE }),
    http: sender({ allowLoopback: false, ownHosts: config.SLIPWAY_OWN_HOSTS }),
  };
  return {
    served: deliverWebhook(deps),
    guard: platformGuard({ callers: config.SLIPWAY_CALLERS, clock: base.clock }),
    // A new instance's way out through its network may take a minute to open.
    ready: async () => void (await deps.store.get(refs.sweep())),
  };
});

/** What sends is loaded with the first delivery. */
function sender(rules: AddressRules): Http {
  return {
    check: (url) => void checkedAddress(url, rules),
    send: async (request) => {
      const { createHttp } = await import('../../host/http.ts');
      return createHttp(rules).send(request);
    },
  };
}
