import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Catalogue, Model, Requirement } from '../domain/contract/model.ts';
import type { Clock } from '../domain/ports.ts';
import { compileRules } from './runners/failure.ts';
import { createCommandRunner } from './runners/command.ts';
import type { Processes } from './runners/processes.ts';
import { StartupError, type Runner } from './runners/runner.ts';
import { ServerRunner } from './runners/server.ts';
import type { WorkerSettings } from './settings.ts';
import type { Workdirs } from './workdirs.ts';

/** The catalogue as a worker has it: with the folder of each model. */
export type WorkerCatalogue = Catalogue & { readonly folders: ReadonlyMap<string, string> };

/** A model that this worker may be asked to run. */
export interface PreparedModel {
  readonly model: Model;
  readonly runner: Runner;
  /** What must be installed before it can run; its jobs are refused at submission. */
  readonly missing: readonly Requirement[];
  /** What is wrong with an output, or null. */
  readonly faultOf: (output: unknown) => string | null;
}

export interface PrepareOptions {
  readonly catalogue: WorkerCatalogue;
  readonly queue: string;
  readonly processes: Processes;
  readonly workdirs: Workdirs;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly settings: WorkerSettings;
}

const STARTUP_MS = 300_000;

/** A runner for each model of the queue; none is started yet. @throws StartupError for a model that this image does not have, or that is broken */
export async function prepareModels(
  names: readonly string[],
  options: PrepareOptions,
): Promise<ReadonlyMap<string, PreparedModel>> {
  const prepared = new Map<string, PreparedModel>();
  for (const name of names) prepared.set(name, await prepare(name, options));
  return prepared;
}

async function prepare(name: string, options: PrepareOptions): Promise<PreparedModel> {
  const { catalogue, queue, processes, workdirs, environment, clock, settings } = options;
  const entry = catalogue.models.get(name);
  const folder = catalogue.folders.get(name);
  if (entry === undefined || folder === undefined) {
    throw new StartupError(
      `Queue ${queue} has model ${name}, but this worker does not: look at its SLIPWAY_MODELS folders.`,
    );
  }
  const { model, missing } = entry;
  try {
    const rules = compileRules(model.runner.rules);
    const faultOf = outputCheck(model);
    const shared = { rules, folder, processes, environment };
    if (model.runner.kind === 'command') {
      const { maxOutputBytes } = model.limits;
      return {
        model,
        missing,
        faultOf,
        runner: createCommandRunner({ ...shared, declared: model.runner, maxOutputBytes }),
      };
    }
    const startupSeconds = catalogue.queues.get(queue)?.pool.startupTimeoutSeconds;
    const runner = new ServerRunner({
      ...shared,
      name,
      declared: model.runner,
      home: await workdirs.make('server'),
      clock,
      startTimeoutMs: startupSeconds === undefined ? STARTUP_MS : startupSeconds * 1_000,
      ports: settings.serverPorts,
      healthEveryMs: settings.healthEveryMs,
      killAfterMs: settings.killAfterMs,
      stopMs: settings.serverStopMs,
    });
    return { model, missing, faultOf, runner };
  } catch (error) {
    throw new StartupError(`Model ${name}: ${(error as Error).message}`);
  }
}

/** Formats and file contents are annotations here; shapes, types and bounds are checked. @throws Error where the schema is no schema */
function outputCheck({ output: schema, limits }: Model): PreparedModel['faultOf'] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  const validate = ajv.compile(schema);
  return (output) => {
    const bytes = Buffer.byteLength(JSON.stringify(output) ?? '');
    if (bytes > limits.maxOutputBytes)
      return `The output has ${bytes} bytes; the model's bound is ${limits.maxOutputBytes}.`;
    if (validate(output)) return null;
    return `The output does not fit the model's schema: ${ajv.errorsText(validate.errors, { dataVar: 'output' })}.`;
  };
}
