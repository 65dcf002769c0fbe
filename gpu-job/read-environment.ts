import type { WorkerEnvironment } from './environment.ts';

type Given = Readonly<Record<string, string | undefined>>;

/**
 * The worker's environment, checked.
 * @throws ConfigError naming what is missing or wrong
 */
export async function readEnvironment(given: Given): Promise<WorkerEnvironment> {
  return plainEnvironment(given) ?? (await explained(given));
}

/** What is wrong, and whether it is, the schema says; it is loaded only then, since that takes as long as all the rest of a start. */
async function explained(given: Given): Promise<WorkerEnvironment> {
  const [{ readConfig }, schema] = await Promise.all([import('../host/config.ts'), import('./environment.ts')]);
  return readConfig('the worker', schema.WorkerEnvironment, given);
}

/** An environment in which all is plainly as a launch gives it; null for any other. Never one that the schema would refuse. */
export function plainEnvironment(given: Given): WorkerEnvironment | null {
  const { SLIPWAY_DOOR = '', SLIPWAY_DOOR_TOKEN = '', SLIPWAY_MODELS = '', GCE_METADATA_HOST } = given;
  const texts = {
    SLIPWAY_QUEUE: given['SLIPWAY_QUEUE'],
    SLIPWAY_SLOT: given['SLIPWAY_SLOT'],
    SLIPWAY_TICKET: given['SLIPWAY_TICKET'],
    CLOUD_RUN_JOB: given['CLOUD_RUN_JOB'],
    CLOUD_RUN_EXECUTION: given['CLOUD_RUN_EXECUTION'],
  };
  const numbers = {
    SLIPWAY_FENCE: wholeNumber(given['SLIPWAY_FENCE']),
    CLOUD_RUN_TASK_INDEX: wholeNumber(given['CLOUD_RUN_TASK_INDEX']),
    CLOUD_RUN_TASK_ATTEMPT: wholeNumber(given['CLOUD_RUN_TASK_ATTEMPT']),
    CLOUD_RUN_TASK_COUNT: wholeNumber(given['CLOUD_RUN_TASK_COUNT']),
  };
  const loopback = (['', '0', '1'] as const).find((one) => one === (given['SLIPWAY_ALLOW_LOOPBACK'] ?? ''));
  if (!/^https?:\/\//.test(SLIPWAY_DOOR) || !URL.canParse(SLIPWAY_DOOR) || loopback === undefined) return null;
  if (!isWhole(texts) || !isWhole(numbers)) return null;
  return {
    SLIPWAY_DOOR,
    SLIPWAY_DOOR_TOKEN,
    SLIPWAY_MODELS,
    SLIPWAY_ALLOW_LOOPBACK: loopback,
    ...texts,
    ...numbers,
    ...(GCE_METADATA_HOST === undefined ? {} : { GCE_METADATA_HOST }),
  };
}

const wholeNumber = (text = ''): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

const isWhole = <T extends string | number, K extends string>(
  values: Record<K, T | undefined>,
): values is Record<K, T> => Object.values(values).every((value) => value !== undefined);
