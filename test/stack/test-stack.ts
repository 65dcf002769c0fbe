import { describe } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobResource, Problem } from '../../domain/contract/http.ts';
import type { Job, JobEvent } from '../../domain/contract/job.ts';
import { refs, type Snapshot } from '../../domain/ports.ts';
import type { Settings } from '../../domain/settings.ts';
import { isTerminal } from '../../domain/state.ts';
import { startEmulatorStack, type EmulatorStack } from '../../emulators/stack.ts';
import { startStack, type Stack, type StackOptions } from '../../local/stack.ts';
import { describeOnEmulators, newProject } from '../emulators/here.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';

export const MODELS = join(import.meta.dirname, 'models');

/** Times of a test: a lease is over in two seconds, and no sweep comes unless the test makes one. */
export const QUICK: Partial<Settings> = {
  leaseMs: 2_000,
  renewEveryMs: 400,
  abandonAfterMs: 1_200,
  reservedMs: 5_000,
  sweepEveryMs: 3_600_000,
  backoffMs: 10,
};

/** For tests that are about no lease: a busy machine may keep a worker from renewing for longer than two seconds. */
export const UNHURRIED = {
  leaseMs: 20_000,
  renewEveryMs: 2_000,
  abandonAfterMs: 12_000,
  reservedMs: 20_000,
} satisfies Partial<Settings>;

export interface TestStack extends Stack {
  readonly log: CapturedLog;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  submit(model: string, input?: object, more?: object): Promise<JobResource>;
  /** The job once it has ended. Held by the api, not polled. */
  ended(id: string): Promise<JobResource>;
  /** Resolves when a document of a job satisfies `wanted`; watched, not polled. */
  until(id: string, wanted: (job: Job) => boolean): Promise<Job>;
  events(id: string): Promise<JobEvent[]>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JobResource & Problem;
}

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'slipway-test-'));

export type Engine = 'embedded' | 'emulators';

/**
 * A suite for each engine that is here: the embedded one, and the adapters of production on Google's emulators, whose part is
 * skipped where they are not installed.
 */
export function onEachEngine(body: (engine: Engine) => void): void {
  describe('on the embedded engine', () => body('embedded'));
  describeOnEmulators("on Google's emulators", () => body('emulators'));
}

type Options = Partial<StackOptions> & { readonly projectId?: string };

/** A whole stack on a folder of its own, stopped and removed at the end of the test file that asked for it. */
export function testStack(options: Options & { readonly engine?: Engine } = {}): Promise<TestStack> {
  return options.engine === 'emulators' ? emulatorTestStack(options) : underTest(options, startStack);
}

export type EmulatorTestStack = TestStack & EmulatorStack;

/** The same with the adapters of production, on a project of its own. */
export function emulatorTestStack({ projectId = newProject(), ...options }: Options = {}): Promise<EmulatorTestStack> {
  return underTest(options, (all) => startEmulatorStack({ ...all, projectId, env: process.env }));
}

async function underTest<S extends Stack>(
  options: Partial<StackOptions>,
  start: (options: StackOptions) => Promise<S>,
): Promise<TestStack & S> {
  const dataFolder = options.dataFolder ?? (await newFolder());
  const log = capturedLog();
  const stack = await start({
    port: 0,
    modelFolders: [MODELS],
    log,
    ...options,
    dataFolder,
    settings: { ...QUICK, ...options.settings },
  });
  return {
    ...client(stack),
    ...stack,
    log,
    stop: async () => {
      await stack.stop();
      if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** What a test says to a stack over HTTP, and reads in its store. */
function client({ url, apiKey, store }: Stack): Pick<TestStack, 'call' | 'submit' | 'ended' | 'until' | 'events'> {
  const call: TestStack['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Reply['body'] };
  };
  return {
    call,
    submit: async (model, input = {}, more = {}) => {
      const reply = await call('POST', '/v1/jobs', { model, input, ...more });
      if (reply.status !== 201) throw new Error(`not accepted: ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    ended: async (id) => {
      const { body } = await call('GET', `/v1/jobs/${id}`, undefined, { prefer: 'wait=25' });
      if (!isTerminal(body.state)) throw new Error(`job ${id} is still ${body.state} after 25 s`);
      return body;
    },
    until: (id, wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          store.get(refs.job(id)).then((read: Snapshot<Job> | null) => {
            if (read === null || !wanted(read.data)) return;
            stop();
            resolve(read.data);
          }, reject);
        };
        const stop = store.watch(refs.job(id), look);
        look();
      }),
    events: async (id) => {
      const page = await store.query('eventsOfJob', { jobId: id }, { limit: 100 });
      return page.items.map((event) => event.data);
    },
  };
}
