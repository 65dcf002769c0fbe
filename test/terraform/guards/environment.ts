import { FUNCTION_NAMES } from '../../../eventarc/routes.ts';
import { CONFIGS } from '../../../functions/start/config.ts';
import { ConfigError, readConfig } from '../../../host/config.ts';
import { WorkerEnvironment } from '../../../gpu-job/environment.ts';
import type { Applied } from '../applied.ts';
import { containerOf, envOf, first } from './resources.ts';

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
    const env = envOf(containerOf(first(service.attributes['template'])));
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

/** What a launch tells a worker (cloud/cloud-run.ts), and what Cloud Run does. */
const LAUNCHED = {
  SLIPWAY_QUEUE: 'documents@us-central1',
  SLIPWAY_SLOT: 'documents@us-central1~0',
  SLIPWAY_FENCE: '1',
  SLIPWAY_TICKET: 'ticket',
  CLOUD_RUN_JOB: 'job',
  CLOUD_RUN_EXECUTION: 'execution',
  CLOUD_RUN_TASK_INDEX: '0',
  CLOUD_RUN_TASK_ATTEMPT: '0',
  CLOUD_RUN_TASK_COUNT: '1',
};

/** What keeps a worker from its start. @returns a line for each fault */
export function workerFaults(resources: readonly Applied[]): string[] {
  return resources.flatMap(({ type, address, attributes }) => {
    if (type !== 'google_cloud_run_v2_job') return [];
    const told = Object.fromEntries(
      envOf(containerOf(first(first(attributes['template'])['template']))).map(({ name, value }) => [name, value]),
    );
    const parsed = WorkerEnvironment.safeParse({ ...told, ...LAUNCHED });
    const strangers = Object.keys(told).filter((name) => !(name in WorkerEnvironment.shape) || name in LAUNCHED);
    return [
      ...(parsed.error?.issues ?? []).map((issue) => `${address}: ${issue.path.join('.')} ${issue.message}`),
      ...strangers.map((name) => `${address} is told ${name}, which is not its Job's to say`),
    ];
  });
}
