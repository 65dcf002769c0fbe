import { expect } from '@jest/globals';
import { JobResource } from '../../domain/contract/http.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../domain/time.ts';
import { expectProblem } from './checks.ts';
import { command, isThereAny, jobFor, pathOf, type Command } from './command.ts';
import { follow, hasEnded, limitsOf, unstartedOf, type Model, type ModelJob } from './model.ts';
import type { Reply, TenantName } from './world.ts';

interface Request {
  readonly tenant: TenantName;
  readonly key: string | null;
  /** What it asks for, in one line: a key stands for one of these. */
  readonly says: string;
  /** What stands against it. */
  readonly fault: string | null;
  readonly made: Omit<ModelJob, 'id'>;
}

/** What a submission or a retry must be answered with, and what it makes. */
async function expectSubmission(model: Model, request: Request, send: () => Promise<Reply>): Promise<void> {
  const known = model.keys.get(`${request.tenant} ${request.key}`);
  const reply = await send();
  if (known !== undefined && known.request !== request.says) return expectProblem(reply, 'idempotency_key_reused');
  if (known?.job.isGone === true) return expectProblem(reply, 'gone');
  if (known !== undefined) {
    expect([reply.status, reply.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(JobResource.parse(reply.body).id).toBe(known.job.id);
    return;
  }
  if (request.fault !== null) return expectProblem(reply, request.fault);
  const { queued } = limitsOf(model, request.tenant);
  if (queued !== null && unstartedOf(model, request.tenant) >= queued) return expectProblem(reply, 'too_many_jobs');
  expect([reply.status, reply.headers.get('idempotent-replayed')]).toEqual([201, null]);
  const { id } = JobResource.parse(reply.body);
  expect(model.jobs.map((job) => job.id)).not.toContain(id);
  const job = { ...request.made, id };
  model.jobs.push(job);
  if (request.key !== null) model.keys.set(`${request.tenant} ${request.key}`, { request: request.says, job });
  follow(model);
}

/** A child of parents that ended in different ways ends like one of them, and the interface does not say like which. */
const isAmbiguous = (parents: readonly ModelJob[]): boolean =>
  new Set(parents.filter((job) => hasEnded(job) && job.state !== 'succeeded').map((job) => job.cascades)).size > 1;

export interface Asked {
  readonly tenant: TenantName;
  readonly key: string | null;
  readonly model: string;
  readonly text: string;
  readonly labels: readonly string[];
  readonly parents: readonly number[];
  readonly when: 'now' | 'later' | 'short';
  readonly priority: string;
  readonly maxAttempts: number;
  /** The shortest retention that can be asked for. */
  readonly isBrief: boolean;
}

export const submit = (asked: Asked): Command =>
  command(`submit(${JSON.stringify(asked)})`, (model, world) => {
    const nowMs = model.nowMs;
    // Whether one that is due to be purged is still needed is a question of what the same sweep does first.
    const parents = [
      ...new Set(model.jobs.length === 0 ? [] : asked.parents.map((at) => jobFor(model, asked.tenant, at))),
    ].filter((job) => job.isGone || job.retentionMs > HOUR);
    const isShort = asked.when === 'short';
    // Two of these would race each other to be the one that ends the other.
    if (isShort || parents.some((job) => job.isShort)) parents.length = 0;
    if (isAmbiguous(parents)) parents.length = 1;
    const notBeforeMs = asked.when === 'later' ? nowMs + 5 * MINUTE : nowMs;
    const body = {
      model: asked.model,
      input: asked.model === 'form' ? { text: asked.text, count: asked.text.length } : { text: asked.text },
      labels: asked.labels,
      priority: asked.priority,
      maxAttempts: asked.maxAttempts,
      dependsOn: parents.map(({ id }) => id),
      ...(asked.when === 'later' ? { notBefore: new Date(notBeforeMs).toISOString() } : {}),
      ...(isShort ? { startDeadlineSeconds: 600 } : {}),
      ...(asked.isBrief ? { retentionSeconds: 3_600 } : {}),
    };
    // The second model wants two letters at least.
    const isFaulty = asked.model === 'form' && asked.text.length < 2;
    const isUnknown = parents.some((job) => job.tenant !== asked.tenant || job.isGone);
    const made: Request['made'] = {
      tenant: asked.tenant,
      model: asked.model,
      labels: [...new Set(asked.labels)],
      parents,
      createdAtMs: nowMs,
      notBeforeMs,
      startByMs: notBeforeMs + (isShort ? 600 * SECOND : DAY),
      isShort,
      isLimited: limitsOf(model, asked.tenant).running !== null,
      maxAttempts: asked.maxAttempts,
      retryOf: null,
      retentionMs: asked.isBrief ? HOUR : 30 * DAY,
      state: parents.length > 0 ? 'dependency' : notBeforeMs > nowMs ? 'not_before' : 'waiting',
      backoffUntilMs: 0,
      attempt: 0,
      failures: 0,
      hasPlace: false,
      cascades: false,
      endedAtMs: null,
      isGone: false,
    };
    const request = {
      tenant: asked.tenant,
      key: asked.key,
      says: JSON.stringify(body),
      fault: isFaulty ? 'invalid_input' : isUnknown ? 'unknown_dependency' : null,
      made,
    };
    return expectSubmission(model, request, () => world.call(asked.tenant, 'POST', '/v1/jobs', body, asked.key));
  });

export const retry = (who: TenantName, at: number, withKey: string | null): Command =>
  command(
    `retry(${who}, ${at}, ${withKey})`,
    (model, world) => {
      const of = jobFor(model, who, at);
      const isOwn = of.tenant === who;
      const { nowMs } = model;
      const startByMs = nowMs + of.startByMs - Math.max(of.createdAtMs, of.notBeforeMs);
      const fault = !isOwn ? 'not_found' : of.isGone ? 'gone' : hasEnded(of) ? null : 'job_not_ended';
      const made: Request['made'] = {
        ...of,
        createdAtMs: nowMs,
        notBeforeMs: nowMs,
        startByMs,
        isLimited: limitsOf(model, who).running !== null,
        retryOf: of.id,
        state: of.parents.length > 0 ? 'dependency' : 'waiting',
        attempt: 0,
        failures: 0,
        hasPlace: false,
        cascades: false,
        endedAtMs: null,
        isGone: false,
      };
      return expectSubmission(model, { tenant: who, key: withKey, says: `retry ${of.id}`, fault, made }, () =>
        world.call(who, 'POST', `${pathOf(of)}/retry`, {}, withKey),
      );
    },
    (model) => isThereAny(model) && !isAmbiguous(jobFor(model, who, at).parents),
  );
