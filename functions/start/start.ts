import { dirname } from 'node:path';
import type { Clock, Log, Random } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../domain/settings.ts';
import { SECOND } from '../../domain/time.ts';
import type { FunctionName } from '../../eventarc/routes.ts';
import { systemClock } from '../../host/clock.ts';
import { ConfigError, readConfig } from '../../host/config.ts';
import { jsonLog } from '../../host/log.ts';
import { printLine } from '../../host/print-line.ts';
import { systemRandom } from '../../host/random.ts';
import { withSourcePositions } from '../../host/source-positions.ts';
import type { Guard } from '../http/guard.ts';
import { serveFunction } from '../serve.ts';
import type { Ready } from '../http/startup.ts';
import type { ServedFunction } from '../served-function.ts';
import { CONFIGS, type Config } from './config.ts';

/** What every function has, wherever it runs. */
export interface Base {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: Settings;
  /** The folder of the program that was started. */
  readonly folder: string;
}

export interface Made {
  readonly served: ServedFunction;
  readonly guard: Guard;
  /** Where a new instance cannot work at once. */
  readonly ready?: Ready;
}

/** Between SIGTERM and SIGKILL Cloud Run gives 10 s. */
const CLOSE_MS = 8 * SECOND;

/**
 * Starts one function as Cloud Run does: its environment is read once, the function is made with the adapters that it is
 * granted, and it serves until SIGTERM. With an environment that it cannot work with it says what is wrong and exits 1.
 */
export async function startFunction<N extends FunctionName>(
  name: N,
  make: (config: Config<N>, base: Base) => Made,
): Promise<void> {
  const log = withSourcePositions(jsonLog(printLine));
  let config: Config<N>;
  try {
    config = readConfig(name, CONFIGS[name], process.env, { strict: true });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error(error.message, { variables: error.variables.join(' ') });
    process.exitCode = 1;
    return;
  }
  const folder = dirname(process.argv[1] ?? '');
  const base = { clock: systemClock, random: systemRandom, log, settings: DEFAULT_SETTINGS, folder };
  const { ready, served, guard } = make(config, base);
  const { SLIPWAY_LISTEN: host, PORT: port } = config as { SLIPWAY_LISTEN: string; PORT: number };
  const options = { host, port, log, ...(ready === undefined ? {} : { ready }) };
  const server = await serveFunction(name, served, guard, options);
  log.info('serving', { function: name, port: Number(new URL(server.url).port) });
  process.once('SIGTERM', () => {
    void server.close(CLOSE_MS).then(() => process.exit(0));
  });
}
