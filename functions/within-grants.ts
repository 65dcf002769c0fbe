import { GRANTS } from '../eventarc/grants.ts';
import type { FunctionName } from '../eventarc/routes.ts';
import type { Deps } from './deps.ts';

/** Thrown where a function asks for what eventarc/grants.ts does not give it: a bug, found on every engine and not first in production. */
export class NotGrantedError extends Error {
  override readonly name = 'NotGrantedError';
}

/** The same ports, as far as this function may use them. For stacks in which all functions share one process and one account. */
export function withinGrants(name: FunctionName, deps: Deps): Deps {
  const { store, bus, calls, launcher, blobs, secrets, tokens, metrics, http } = deps;
  const grant = GRANTS[name];
  const must = (isGranted: boolean, what: string): void => {
    if (!isGranted) throw new NotGrantedError(`${name} may not ${what}: see eventarc/grants.ts`);
  };
  const mayRead = (): void => must(grant.store !== 'none', 'read the store');
  const mayLaunch = (): void => must(grant.launches, 'touch executions');
  return {
    ...deps,
    store: {
      get: async (ref) => (mayRead(), store.get(ref)),
      query: async (shape, where, options) => (mayRead(), store.query(shape, where, options)),
      count: async (shape, where, limit) => (mayRead(), store.count(shape, where, limit)),
      watch: (target, onChange) => (mayRead(), store.watch(target, onChange)),
      commit: async (writes) => (must(grant.store === 'write', 'write to the store'), store.commit(writes)),
    },
    bus: {
      publish: async (topic, message) => (
        must(grant.publishes.includes(topic), `publish to ${topic}`),
        bus.publish(topic, message)
      ),
    },
    calls: { due: async (to, ids) => (must(grant.calls.includes(to), `call ${to}`), calls.due(to, ids)) },
    launcher: {
      aliveSinceMs: launcher.aliveSinceMs,
      launch: async (request) => (mayLaunch(), launcher.launch(request)),
      cancel: async (execution) => (mayLaunch(), launcher.cancel(execution)),
      status: async (execution) => (mayLaunch(), launcher.status(execution)),
      find: async (launch) => (mayLaunch(), launcher.find(launch)),
    },
    blobs: {
      signUpload: async (path, options) => (
        must(grant.blobs.includes('sign-upload'), 'sign uploads'),
        blobs.signUpload(path, options)
      ),
      signDownload: async (path, options) => (
        must(grant.blobs.includes('sign-download'), 'sign downloads'),
        blobs.signDownload(path, options)
      ),
      size: async (path) => (must(grant.blobs.includes('size'), 'look at blobs'), blobs.size(path)),
      remove: async (path) => (must(grant.blobs.includes('remove'), 'remove blobs'), blobs.remove(path)),
    },
    secrets: { get: async (secret) => (must(grant.secrets.includes(secret), `read ${secret}`), secrets.get(secret)) },
    tokens: { make: async (tenant) => (must(grant.tokens, 'sign tokens'), tokens.make(tenant)) },
    metrics: {
      settled: (record) => metrics.settled(record),
      gauges: async (points) => (must(grant.gauges, 'write gauges'), metrics.gauges(points)),
    },
    http: {
      check: (url) => http.check(url),
      send: async (request) => (must(grant.egress, 'send requests to users'), http.send(request)),
    },
  };
}
