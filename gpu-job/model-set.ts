import type { Catalogue, Model, Requirement } from '../domain/contract/model.ts';
import type { Clock } from '../domain/ports.ts';
import type { Verdict } from './output-check.ts';
import type { PendingLines } from './pending-lines.ts';
import { compileRules } from './runners/failure.ts';
import { createCommandRunner } from './runners/command-runner.ts';
import type { Processes } from './runners/processes.ts';
import { StartupError, type Runner } from './runners/runner.ts';
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
  /** What is wrong with an output, or how it is to be kept. */
  readonly judge: (output: unknown) => Promise<Verdict>;
}

export interface PrepareOptions {
  readonly catalogue: WorkerCatalogue;
  readonly queue: string;
  readonly processes: Processes;
  readonly workdirs: Workdirs;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly settings: WorkerSettings;
  /** Takes what the models' servers say while they start. */
  readonly setup: PendingLines;
}

const STARTUP_MS = 300_000;

/**
 * The models of a queue as this worker has them. One that does not come up fails its own jobs and no others: each model's
 * start-up error is kept with it.
 */
export class ModelSet {
  readonly #prepared: ReadonlyMap<string, PreparedModel>;
  /** Those that this image lacks, or that cannot be prepared; nothing that a worker does mends them. */
  readonly #lacking: ReadonlyMap<string, StartupError>;

  constructor(prepared: ReadonlyMap<string, PreparedModel>, lacking: ReadonlyMap<string, StartupError>) {
    this.#prepared = prepared;
    this.#lacking = lacking;
  }

  get models(): readonly PreparedModel[] {
    return [...this.#prepared.values()];
  }

  get #runnable(): readonly PreparedModel[] {
    return this.models.filter(({ missing }) => missing.length === 0);
  }

  /**
   * Starts what has to be started (again). Models that did not come up before are left alone as long as another did: jobs
   * for those others must not wait for them.
   * @throws StartupError when no model is up
   */
  async ensureReady(signal: AbortSignal): Promise<void> {
    const runnable = this.#runnable;
    const whole = runnable.filter(({ runner }) => runner.fault === null);
    const tried = whole.length > 0 ? whole : runnable;
    await Promise.all(tried.map(({ runner }) => faultOfStart(runner, signal)));
    const [first] = [...runnable.flatMap(({ runner }) => runner.fault ?? []), ...this.#lacking.values()];
    const isOneUp = runnable.some(({ runner }) => runner.fault === null);
    if (!isOneUp && first !== undefined && !signal.aborted) throw first;
  }

  /** The model to run a job with, or why it cannot run; one that did not come up before is tried again. */
  async forJob(name: string, signal: AbortSignal): Promise<PreparedModel | StartupError> {
    const prepared = this.#prepared.get(name);
    if (prepared === undefined)
      return this.faultOf(name) ?? new StartupError(`This worker does not have model ${name}.`);
    if (prepared.runner.fault === null) return prepared;
    return (await faultOfStart(prepared.runner, signal)) ?? prepared;
  }

  /** Why this model did not come up; null where it did. */
  faultOf(name: string): StartupError | null {
    return this.#prepared.get(name)?.runner.fault ?? this.#lacking.get(name) ?? null;
  }

  async close(): Promise<void> {
    await Promise.all(this.models.map(({ runner }) => runner.close()));
  }
}

async function faultOfStart(runner: Runner, signal: AbortSignal): Promise<StartupError | null> {
  try {
    await runner.ensureReady(signal);
    return null;
  } catch (error) {
    if (error instanceof StartupError) return error;
    throw error;
  }
}

/** A runner for each model of the queue that this image has; none is started yet. */
export async function prepareModels(names: readonly string[], options: PrepareOptions): Promise<ModelSet> {
  const prepared = new Map<string, PreparedModel>();
  const lacking = new Map<string, StartupError>();
  for (const name of names) {
    try {
      prepared.set(name, await prepare(name, options, names.length > 1));
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      lacking.set(name, error);
    }
  }
  return new ModelSet(prepared, lacking);
}

/** @throws StartupError for a model that this image does not have, or that is broken */
async function prepare(name: string, options: PrepareOptions, isOneOfSeveral: boolean): Promise<PreparedModel> {
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
    const judge = judgeOf(model);
    const maxOutputBytes = longestOutput(model);
    const shared = { rules, folder, processes, environment };
    if (model.runner.kind === 'command') {
      return {
        model,
        missing,
        judge,
        runner: createCommandRunner({ ...shared, declared: model.runner, maxOutputBytes }),
      };
    }
    const startupSeconds = catalogue.queues.get(queue)?.pool.startupTimeoutSeconds;
    const { ServerRunner } = await import('./runners/server.ts');
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
      maxOutputBytes,
      onSetup: (stream, text) => options.setup.add(stream, isOneOfSeveral ? `[${name}] ${text}` : text),
    });
    return { model, missing, judge, runner };
  } catch (error) {
    throw new StartupError(`Model ${name}: ${(error as Error).message}`);
  }
}

/** A schema is compiled when its first output is there: the catalogue has seen that it can be. */
function judgeOf(model: Model): PreparedModel['judge'] {
  let judge: Promise<(output: unknown) => Verdict> | null = null;
  const compile = async (): Promise<(output: unknown) => Verdict> => {
    const { outputJudge } = await import('./output-check.ts');
    return outputJudge(model);
  };
  return async (output) => (await (judge ??= compile()))(output);
}

/** What is not kept with the job is kept as an artifact, and bounded as one. */
const longestOutput = ({ limits }: Model): number => Math.max(limits.maxOutputBytes, limits.maxArtifactBytes);
