import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { LoadFlags } from './flags.ts';
import { chooser } from './flags.ts';
import { seeded } from '../measure.ts';
import type { LoadTenant } from './tenants.ts';

const ANSWER_WITHIN_MS = 60_000;
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

/** One submission: when it was due, when it was sent, and what came of it. Times in ms of this process's clock. */
export interface Submission {
  readonly tenant: LoadTenant;
  readonly model: string;
  readonly dueMs: number;
  readonly sentMs: number;
  readonly answeredMs: number;
  /** Of the answer; null where none came. */
  readonly status: number | null;
  /** A problem's code, or what went wrong. */
  readonly fault: string | null;
  readonly id: string | null;
}

/**
 * Submissions that arrive as they would from many who know nothing of each other: at random, at this rate, and whether or not
 * those before have been answered (an open loop). Each is sent once: what fails is part of what is measured.
 * @param inputs of each model of the mix
 * @param webhook where the ends of jobs are told; null for nowhere
 */
export async function arrive(
  flags: LoadFlags,
  at: {
    readonly url: string;
    readonly tenants: readonly LoadTenant[];
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly webhook: string | null;
    readonly signal: AbortSignal;
  },
): Promise<readonly Submission[]> {
  const random = seeded(flags.seed);
  const mix = chooser(flags.mix);
  const agent = new Agent({ connections: 256, headersTimeout: ANSWER_WITHIN_MS });
  const sent: Promise<Submission>[] = [];
  const startMs = performance.now();
  let dueMs = startMs;
  try {
    for (;;) {
      // Pauses of a Poisson process.
      dueMs += (-Math.log(1 - random()) / flags.rate) * 1_000;
      if (dueMs - startMs > flags.seconds * 1_000 || at.signal.aborted) break;
      const tenant = at.tenants[Math.floor(random() * at.tenants.length)] as LoadTenant;
      const model = mix.choose(random());
      const pause = dueMs - performance.now();
      if (pause > 1) await delay(pause, undefined, { signal: at.signal }).catch(() => undefined);
      sent.push(submit(agent, { ...at, tenant, model, dueMs }));
    }
    return await Promise.all(sent);
  } finally {
    await agent.destroy();
  }
}

async function submit(
  dispatcher: Agent,
  {
    url,
    tenant,
    model,
    dueMs,
    inputs,
    webhook,
  }: Parameters<typeof arrive>[1] & {
    readonly tenant: LoadTenant;
    readonly model: string;
    readonly dueMs: number;
  },
): Promise<Submission> {
  const sentMs = performance.now();
  const about = { tenant, model, dueMs, sentMs };
  const hook = webhook === null ? {} : { webhook: { url: webhook, secret: SECRET } };
  try {
    const answer = await request(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: inputs[model] ?? {}, labels: ['load'], ...hook }),
      dispatcher,
    });
    const body = (await answer.body.json()) as { id?: string; code?: string };
    const isMade = answer.statusCode === 201 && body.id !== undefined;
    return {
      ...about,
      answeredMs: performance.now(),
      status: answer.statusCode,
      fault: isMade ? null : (body.code ?? `status ${answer.statusCode}`),
      id: isMade ? (body.id ?? null) : null,
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ...about, answeredMs: performance.now(), status: null, fault: code ?? message, id: null };
  }
}
