import { FUNCTION_NAMES } from '../../../eventarc/routes.ts';
import { CONFIGS } from '../../../functions/start/config.ts';
import { ConfigError, readConfig } from '../../../host/config.ts';
import type { Applied } from '../applied.ts';
import { envOf } from './routes.ts';

/**
 * What keeps a function from its start: its environment is read as it would read it, so that a variable that is missing, wrong or
 * not its own is found here.
 * @returns a line for each fault
 */
export function environmentFaults(resources: readonly Applied[], prefix: string): string[] {
  return FUNCTION_NAMES.flatMap((name) => {
    const service = resources.find(
      ({ type, attributes }) => type === 'google_cloud_run_v2_service' && attributes['name'] === `${prefix}-${name}`,
    );
    if (service === undefined) return [`${name} is not deployed`];
    const env = envOf(service.attributes);
    // Cloud Run's own.
    const told = { PORT: '8080', ...Object.fromEntries(env.map(({ name: variable, value }) => [variable, value])) };
    const strangers = Object.keys(told).filter((variable) => !(variable in CONFIGS[name].shape));
    try {
      readConfig(name, CONFIGS[name], told, { strict: true });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [error.message];
    }
    return strangers.map((variable) => `${name} is told ${variable}, which it does not read`);
  });
}
