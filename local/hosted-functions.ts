import { FUNCTION_NAMES, type FunctionName } from '../eventarc/routes.ts';
import { apiGuard } from '../functions/api/guard.ts';
import type { Deps } from '../functions/deps.ts';
import { FUNCTIONS } from '../functions/index.ts';
import { bearerGuard, serveFunction, type Served } from '../functions/serve.ts';
import { withinGrants } from '../functions/within-grants.ts';
import type { Clock, Log, Random } from '../domain/ports.ts';
import type { FunctionAddress } from './bus.ts';

export interface HostedFunctions {
  /** Where a function is and what lets a caller in. @throws Error until it is served */
  addressOf(name: FunctionName): FunctionAddress;
  addresses(): Readonly<Record<FunctionName, FunctionAddress>>;
  /** Serves every function on 127.0.0.1, each within its grants: `api` on this port, 0 for any, the others on any. */
  serve(deps: Deps, port: number): Promise<void>;
  /** One sweep; resolves when everything it found is done. With `all`, nothing is taken for being on its way. */
  sweep(all: boolean): Promise<void>;
  /** Plays the scheduler: a sweep each so many milliseconds, and one over all right now. Returns the stop. */
  sweepEvery(ms: number): () => void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** All functions in this process, as one machine has them. */
export function hostedFunctions({
  clock,
  random,
  log,
}: {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): HostedFunctions {
  const served = new Map<FunctionName, Served>();
  // A secret each, since the worker's is in the environment of processes that run model code.
  const tokens = new Map(FUNCTION_NAMES.map((name) => [name, random.hex(32)]));
  const addressOf = (name: FunctionName): FunctionAddress => {
    const [at, token] = [served.get(name), tokens.get(name)];
    if (at === undefined || token === undefined) throw new Error(`${name} is not up`);
    return { url: at.url, token };
  };
  const sweep = async (all: boolean): Promise<void> => {
    const { url, token } = addressOf('sweep');
    const response = await fetch(`${url}${all ? '?stale=0' : ''}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`sweep answered ${response.status}`);
  };

  return {
    addressOf,
    addresses: () =>
      Object.fromEntries(FUNCTION_NAMES.map((name) => [name, addressOf(name)])) as Record<
        FunctionName,
        FunctionAddress
      >,
    sweep,

    async serve(deps, port) {
      for (const name of FUNCTION_NAMES) {
        const guard = name === 'api' ? apiGuard(deps, { takesChosenKeys: true }) : bearerGuard(tokens.get(name) ?? '');
        const at = { host: '127.0.0.1', port: name === 'api' ? port : 0, log };
        served.set(name, await serveFunction(name, FUNCTIONS[name](withinGrants(name, deps)), guard, at));
      }
    },

    sweepEvery(ms) {
      let isStopped = false;
      const inBackground = (all: boolean): void => {
        sweep(all).catch((error: unknown) => {
          if (!isStopped) log.error('sweep failed', { error: String(error) });
        });
      };
      const tick = (): void => {
        inBackground(false);
        callOff = clock.after(ms, tick);
      };
      let callOff = clock.after(ms, tick);
      inBackground(true);
      return () => {
        isStopped = true;
        callOff();
      };
    },

    async close() {
      for (const one of [...served.values()].reverse()) await one.close();
    },
  };
}
