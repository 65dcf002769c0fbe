import type { Clock, Log, Random } from '../domain/ports.ts';
import { inheritedEnvironment, processExecutions } from '../local/executions.ts';
import { anyOf, CallError, startGrpcServer, status, timestampOf } from './grpc-server.ts';

const PACKAGE = '@google-cloud/run';

/** What a Cloud Run Job runs here instead of its image. */
export interface JobTemplate {
  readonly program: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How one call of RunJob goes. */
export interface LaunchPlan {
  /** How many executions it makes: Cloud Run may make two of one call. */
  readonly makes: 0 | 1 | 2;
  /** `waits`: for capacity, and is not started. `fails`: without ever having been started, as one whose image cannot be had. */
  readonly instead?: 'waits' | 'fails';
  /** `silence`: the caller waits until it gives up. */
  readonly answer: 'operation' | 'silence' | CallError;
}

export interface RunServer {
  readonly address: string;
  /** How the next calls of RunJob go, the first of them first; as they should when there is none left. */
  readonly plans: LaunchPlan[];
  /** Every execution that was made, by its short name, with the environment that its launch gave it. */
  executions(): readonly {
    readonly name: string;
    readonly env: Readonly<Record<string, string>>;
    readonly code: number | null;
  }[];
  /** How many calls of each method came. */
  readonly calls: Readonly<Record<string, number>>;
  /** Ends every worker, then the server. Idempotent. */
  stop(): Promise<void>;
}

export const asItShould: LaunchPlan = { makes: 1, answer: 'operation' };

interface Made {
  readonly name: string;
  readonly job: string;
  readonly env: Record<string, string>;
  readonly createdAtMs: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  code: number | null;
  wasCanceled: boolean;
}

/** Variables that Cloud Run sets itself and lets nobody override. */
const RESERVED = /^(CLOUD_RUN_|X_GOOGLE_|K_|PORT$)/;

/**
 * Cloud Run's Jobs and Executions, as far as Slipway speaks with them: each execution is a process of this machine, with the
 * environment that a task has.
 * @param options.jobs the template of a Cloud Run Job by its full name; null where there is no such job
 */
export async function startRunServer(options: {
  readonly jobs: (name: string) => JobTemplate | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): Promise<RunServer> {
  const { clock, random } = options;
  const processes = processExecutions(options);
  const made = new Map<string, Made>();
  const plans: LaunchPlan[] = [];
  const calls: Record<string, number> = { runJob: 0, getExecution: 0, listExecutions: 0, cancelExecution: 0 };
  processes.onExit((name, { code }) => {
    const one = made.get(name);
    if (one !== undefined) Object.assign(one, { endedAtMs: clock.nowMs(), code });
  });

  const make = (
    job: string,
    template: JobTemplate,
    env: Record<string, string>,
    instead: LaunchPlan['instead'],
  ): Made => {
    const short = job.slice(job.lastIndexOf('/') + 1);
    const name = `${short}-${random.id().slice(-5)}`;
    const one: Made = {
      name,
      job,
      env,
      createdAtMs: clock.nowMs(),
      startedAtMs: null,
      endedAtMs: null,
      code: null,
      wasCanceled: false,
    };
    made.set(name, one);
    if (instead === 'fails') one.endedAtMs = clock.nowMs();
    if (instead !== undefined) return one;
    one.startedAtMs = clock.nowMs();
    const task = {
      CLOUD_RUN_JOB: short,
      CLOUD_RUN_EXECUTION: name,
      CLOUD_RUN_TASK_INDEX: '0',
      CLOUD_RUN_TASK_ATTEMPT: '0',
      CLOUD_RUN_TASK_COUNT: '1',
    };
    const { program, cwd } = template;
    processes.start({
      name,
      program,
      cwd,
      env: { ...inheritedEnvironment(process.env), ...template.env, ...env, ...task },
    });
    return one;
  };

  const find = (path: string): Made => {
    const one = made.get(path.slice(path.lastIndexOf('/') + 1));
    if (one === undefined || path !== pathOf(one))
      throw new CallError(status.NOT_FOUND, `Resource '${path}' was not found`);
    return one;
  };
  const counted =
    <A, R>(method: string, handle: (request: A) => R) =>
    (request: A): R => {
      calls[method] = (calls[method] ?? 0) + 1;
      return handle(request);
    };

  const server = await startGrpcServer(PACKAGE, {
    'google.cloud.run.v2.Jobs': {
      runJob: counted('runJob', (request: RunJobRequest) => {
        const template = options.jobs(request.name);
        if (template === null) throw new CallError(status.NOT_FOUND, `Resource '${request.name}' was not found`);
        const env = overridesOf(request);
        const plan = plans.shift() ?? asItShould;
        const executions = Array.from({ length: plan.makes }, () => make(request.name, template, env, plan.instead));
        if (plan.answer === 'silence') return new Promise(() => undefined);
        if (plan.answer !== 'operation') throw plan.answer;
        const [first] = executions;
        const metadata =
          first === undefined ? null : anyOf(PACKAGE, 'google.cloud.run.v2.Execution', resourceOf(first));
        const operation = request.name.replace(/\/jobs\/.*/, `/operations/${random.id()}`);
        return { name: operation, done: false, metadata };
      }),
    },
    'google.cloud.run.v2.Executions': {
      getExecution: counted('getExecution', ({ name }: { name: string }) => resourceOf(find(name))),
      listExecutions: counted('listExecutions', ({ parent, pageSize }: { parent: string; pageSize: number }) => ({
        executions: [...made.values()]
          .filter(({ job }) => job === parent)
          .reverse()
          .slice(0, pageSize === 0 ? 100 : pageSize)
          .map(resourceOf),
        nextPageToken: '',
      })),
      cancelExecution: counted('cancelExecution', ({ name }: { name: string }) => {
        const one = find(name);
        if (one.endedAtMs !== null) throw new CallError(status.FAILED_PRECONDITION, 'the execution has completed');
        one.wasCanceled = true;
        if (one.startedAtMs === null) one.endedAtMs = clock.nowMs();
        else processes.cancel(one.name);
        return { name: `${one.job.replace(/\/jobs\/.*/, '')}/operations/${random.id()}`, done: false };
      }),
    },
  });

  return {
    address: server.address,
    plans,
    calls,
    executions: () => [...made.values()].map(({ name, env, code }) => ({ name, env, code })),
    stop: async () => {
      await processes.stop();
      server.stop();
    },
  };
}

interface RunJobRequest {
  readonly name: string;
  readonly overrides?: {
    readonly containerOverrides?: readonly {
      readonly name: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

function overridesOf({ overrides }: RunJobRequest): Record<string, string> {
  const [container] = overrides?.containerOverrides ?? [];
  if (container !== undefined && container.name !== 'worker') {
    throw new CallError(status.INVALID_ARGUMENT, `there is no container named ${container.name}`);
  }
  const env = container?.env ?? [];
  const reserved = env.find(({ name }) => RESERVED.test(name));
  if (reserved !== undefined) throw new CallError(status.INVALID_ARGUMENT, `the variable ${reserved.name} is reserved`);
  return Object.fromEntries(env.map(({ name, value }) => [name, value ?? '']));
}

const pathOf = ({ job, name }: Made): string => `${job}/executions/${name}`;

function resourceOf(one: Made): object {
  const { job, env, createdAtMs, startedAtMs, endedAtMs, code, wasCanceled } = one;
  const hasEnded = endedAtMs !== null;
  const failed = hasEnded && (code !== 0 || wasCanceled);
  return {
    name: pathOf(one),
    job: job.slice(job.lastIndexOf('/') + 1),
    createTime: timestampOf(createdAtMs),
    startTime: startedAtMs === null ? null : timestampOf(startedAtMs),
    completionTime: endedAtMs === null ? null : timestampOf(endedAtMs),
    taskCount: 1,
    runningCount: startedAtMs !== null && !hasEnded ? 1 : 0,
    succeededCount: hasEnded && !failed ? 1 : 0,
    failedCount: failed && !wasCanceled ? 1 : 0,
    cancelledCount: wasCanceled && hasEnded ? 1 : 0,
    conditions: [
      {
        type: 'Completed',
        state: failed ? 'CONDITION_FAILED' : hasEnded ? 'CONDITION_SUCCEEDED' : 'CONDITION_RECONCILING',
      },
    ],
    template: {
      containers: [{ name: 'worker', env: Object.entries(env).map(([name, value]) => ({ name, value })) }],
    },
  };
}
