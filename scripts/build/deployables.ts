import { GRANTS, type Grant } from '../../eventarc/grants.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../eventarc/routes.ts';
import { CONFIGS } from '../../functions/start/config.ts';

/** Something that is deployed by itself: a function's source, or the worker's program in its image. */
export interface Deployable {
  readonly name: string;
  /** Where it is built to, below `dist`. */
  readonly folder: string;
  /** Its start file, below the repository. */
  readonly entry: string;
  /** What a function may do in production; null for the worker, which may do nothing but call its door. */
  readonly grant: Grant | null;
  /** What it has to know of the models: all of them, their files to recognise them by, or nothing. */
  readonly models: 'catalogue' | 'files' | 'none';
}

const functionOf = (name: FunctionName): Deployable => ({
  name,
  folder: `functions/${name}`,
  entry: `functions/start/${name}.ts`,
  grant: GRANTS[name],
  // Queues are made of models and regions, so whoever is told of the regions reads the catalogue.
  models: 'SLIPWAY_REGIONS' in CONFIGS[name].shape ? 'catalogue' : 'none',
});

export const WORKER: Deployable = {
  name: 'gpu-job',
  folder: 'worker',
  entry: 'gpu-job/main.ts',
  grant: null,
  models: 'files',
};

/** Everything that is built: the functions in the order of one job's life, then the worker. */
export const DEPLOYABLES: readonly Deployable[] = [...FUNCTION_NAMES.map(functionOf), WORKER];
