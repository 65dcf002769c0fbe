import type { ExecutionsClient, JobsClient, protos } from '@google-cloud/run';
import type { Execution, Launcher, LaunchRequest, LaunchResult } from '../domain/ports.ts';
import { isNotFound, isOver, launchFailureOf } from './cloud-run-failures.ts';
import { CALL_MS } from './deadline.ts';
import { clientOptions, type Project } from './endpoints.ts';
import { lazy } from './lazy.ts';

type RunExecution = protos.google.cloud.run.v2.IExecution;

export interface CloudRunOptions extends Project {
  /** The Cloud Run Job of a pool is `<name>-<pool>`, in the region of the queue. */
  readonly name: string;
  /** How long a call may take. */
  readonly callMs?: number;
}

/** The container that overrides are for; Terraform names it. */
const CONTAINER = 'worker';
/** Executions looked through for one launch, newest first: it was launched minutes ago at most. */
const LISTED = 100;

/**
 * Cloud Run Jobs. `RunJob` is called once for each launch and never repeated; the execution's name comes with its first
 * answer, and the operation itself, which ends with the execution, is not waited for.
 */
export function cloudRunLauncher(options: CloudRunOptions): Launcher {
  const { callMs: timeout = CALL_MS.run } = options;
  const jobs = lazy(async (): Promise<JobsClient> => {
    const { JobsClient: Client } = await import('@google-cloud/run');
    return new Client(await clientOptions(options.projectId, options.endpoints.run));
  });
  const executions = lazy(async (): Promise<ExecutionsClient> => {
    const { ExecutionsClient: Client } = await import('@google-cloud/run');
    return new Client(await clientOptions(options.projectId, options.endpoints.run));
  });
  const jobOf = (queue: string): string => {
    const [pool = '', region = ''] = queue.split('@');
    return `projects/${options.projectId}/locations/${region}/jobs/${options.name}-${pool}`;
  };
  const pathOf = ({ queue, execution }: Execution): string => `${jobOf(queue)}/executions/${execution}`;

  return {
    aliveSinceMs: null,

    async launch(request): Promise<LaunchResult> {
      const env = environmentOf(request);
      const overrides = { taskCount: 1, containerOverrides: [{ name: CONTAINER, env }] };
      let client: JobsClient;
      try {
        client = await jobs();
      } catch (error) {
        return { kind: 'failed', reason: 'other', message: `there is no client for Cloud Run: ${String(error)}` };
      }
      try {
        const [operation] = await client.runJob({ name: jobOf(request.queue), overrides }, { timeout });
        const name = (operation.metadata as RunExecution | null)?.name ?? '';
        if (name !== '') return { kind: 'started', execution: lastOf(name) };
        return { kind: 'ambiguous', message: 'RunJob answered without naming an execution' };
      } catch (error) {
        return launchFailureOf(error);
      }
    },

    async cancel(execution) {
      const client = await executions();
      try {
        await client.cancelExecution({ name: pathOf(execution) }, { timeout });
      } catch (error) {
        if (!isOver(error)) throw error;
      }
    },

    async status(execution) {
      const client = await executions();
      try {
        const [found] = await client.getExecution({ name: pathOf(execution) }, { timeout });
        return hasEnded(found) ? 'ended' : 'running';
      } catch (error) {
        if (isNotFound(error)) return 'unknown';
        throw error;
      }
    },

    async find({ queue, slot, fence }) {
      const client = await executions();
      const [listed] = await client.listExecutions(
        { parent: jobOf(queue), pageSize: LISTED },
        { timeout, autoPaginate: false },
      );
      const wanted = { SLIPWAY_SLOT: slot, SLIPWAY_FENCE: String(fence) };
      return listed
        .filter((execution) => !hasEnded(execution) && wasToldOf(execution, wanted))
        .map((execution) => ({ queue, execution: lastOf(execution.name ?? '') }));
    },
  };
}

/** What a launch tells the worker beyond what its Cloud Run Job always has; `WorkerEnv` is the whole of it. */
function environmentOf({ queue, slot, fence, ticket }: LaunchRequest): { name: string; value: string }[] {
  const told = { SLIPWAY_QUEUE: queue, SLIPWAY_SLOT: slot, SLIPWAY_FENCE: String(fence), SLIPWAY_TICKET: ticket };
  return Object.entries(told).map(([name, value]) => ({ name, value }));
}

const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const hasEnded = ({ completionTime }: RunExecution): boolean => completionTime != null;

function wasToldOf({ template }: RunExecution, wanted: Readonly<Record<string, string>>): boolean {
  const env = (template?.containers ?? []).flatMap((container) => container.env ?? []);
  return Object.entries(wanted).every(([name, value]) => env.some((one) => one.name === name && one.value === value));
}
