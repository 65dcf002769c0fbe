import type { ClaimedJob, FinishRequest, Outcome } from '../../domain/contract/door.ts';
import type { Job, JobEvent } from '../../domain/contract/job.ts';
import { Pool, type Catalogue } from '../../domain/contract/model.ts';
import { RequestError } from '../../domain/errors.ts';
import { create, refs, update, type Due, type LaunchRequest } from '../../domain/ports.ts';
import { owesLook } from '../../domain/place.policy.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { born } from '../../domain/state.ts';
import type { Deps } from '../../functions/deps.ts';
import { dispatchDue, dispatchQueue } from '../../functions/dispatch.ts';
import { cancelJob } from '../../functions/steps/cancel.ts';
import { nudge } from '../../functions/steps/nudge.ts';
import { releaseIfReady } from '../../functions/steps/release.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { dutiesOf } from '../../functions/sweep/duties.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish, release, renew } from '../../functions/worker/finish.ts';
import { ready } from '../../functions/worker/ready.ts';
import { sha256, type Session } from '../../functions/worker/session.ts';
import type { ActorCode, Said, SteppingPorts } from './stepping-store.ts';
import type { NewActor } from './world.ts';

/** How the actors of a scenario behave where the protocol leaves it to them. */
export interface Behaviour {
  readonly queue: string;
  /** A second queue, alike. */
  readonly otherQueue?: string;
  readonly max: number;
  readonly expectedBootMs: number;
  readonly expectedRunMs: number;
  /** The first attempt at each job fails, to be tried again at once. */
  readonly firstAttemptFails?: boolean;
  /** A job's computing is a step of its own. */
  readonly computes?: boolean;
  /** The worker renews its lease between claim and finish. */
  readonly renews?: boolean;
  /** Sweep hands on open events too, and they are settled. */
  readonly settles?: boolean;
  /** A worker takes one job at most and is gone; its slot is left to sweep. */
  readonly takesOne?: boolean;
  /** The execution that computes what it has claimed for as long as nothing else moves. */
  readonly neverDone?: string;
  /** What chance gives the code of an execution, uniform in [0, 1); 0 where none is named. */
  readonly picks?: Readonly<Record<string, number>>;
  /** An event that owes a look at its tenant's places has its trigger; of the others the scenario leaves the settling to sweep. */
  readonly triggersLooks?: boolean;
}

const READS_ALONE: readonly string[] = ['deliveries', 'purges', 'tenants'];

const absent = (name: string) => (): never => {
  throw new Error(`the explored code must not use ${name}`);
};

function depsOf(ports: SteppingPorts, behaviour: Behaviour): Deps {
  const { queue, otherQueue, max, expectedBootMs, expectedRunMs } = behaviour;
  const names = otherQueue === undefined ? [queue] : [queue, otherQueue];
  const pool = Pool.parse({ name: 'noop', max });
  const blobs = absent('blobs');
  const alike = { pool, region: 'local', models: [], expectedBootMs, expectedRunMs };
  const catalogue: Catalogue = {
    models: new Map(),
    queues: new Map(names.map((name) => [name, { name, ...alike }])),
  };
  return {
    ...ports,
    catalogue,
    settings: DEFAULT_SETTINGS,
    topicPrefix: '',
    log: { info: () => undefined, error: () => undefined },
    metrics: { settled: async () => undefined, gauges: async () => undefined },
    blobs: { signUpload: blobs, signDownload: blobs, size: blobs, remove: blobs },
    secrets: { get: absent('secrets') },
    tokens: { make: absent('tokens') },
    idTokens: { verify: absent('ID tokens') },
    release: { build: absent('the release'), openApi: absent('the release') },
    http: { check: absent('http'), send: absent('http') },
  };
}

/** What makes the actors of one scenario. */
export class Actors {
  readonly #behaviour: Behaviour;
  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  #deps(ports: SteppingPorts): Deps {
    return depsOf(ports, this.#behaviour);
  }

  /** The door as it answers an execution. */
  #door(ports: SteppingPorts, execution: string): Deps {
    const unit = (): number => this.#behaviour.picks?.[execution] ?? 0;
    return this.#deps({ ...ports, random: { ...ports.random, unit } });
  }

  #actor(id: string, role: NewActor['role'], run: (deps: Deps, ports: SteppingPorts) => Promise<void>): NewActor {
    return { id, role, code: { key: id, run: async (ports) => run(this.#deps(ports), ports) } };
  }

  /** As the api does it: stored before nudged. */
  submit(job: Job): NewActor {
    return this.#actor(`submit ${job.id}`, 'submit', async (deps) => {
      await deps.store.commit(born(job));
      await nudge(deps, job.home);
    });
  }

  dispatcher(id: string): NewActor {
    return this.#actor(id, 'dispatch', async (deps) => {
      if (!(await dispatchQueue(deps, this.#behaviour.queue))) await nudge(deps, this.#behaviour.queue);
    });
  }

  /** What sweep calls with ids; null where the scenario leaves that function out. */
  due(id: string, to: keyof Due, ids: Due[keyof Due]): NewActor | null {
    const actor = this.#actor(id, 'sweep', async (deps) => {
      if ('slots' in ids) return dispatchDue(deps, ids);
      if (!('events' in ids)) return;
      for (const path of ids.events) {
        const [, job = '', , seq] = path.split('/');
        await settleEvent(deps, job, Number(seq));
      }
    });
    if (to !== 'dispatch' && this.#behaviour.settles !== true) return null;
    return { ...actor, code: { ...actor.code, key: `${id} ${to} ${JSON.stringify(ids)}` } };
  }

  /**
   * Its duties one after the other, since all ways in which they can be at once are too many: from the first to the last, or
   * the other way round. Those that only read what no other actor here writes are left out, and so are gauges.
   */
  sweeper(id: string, order: 'forwards' | 'backwards' = 'forwards'): NewActor {
    return this.#actor(id, 'sweep', async (deps) => {
      const duties = dutiesOf(deps, DEFAULT_SETTINGS.staleMs).filter(({ what }) => !READS_ALONE.includes(what));
      for (const duty of order === 'forwards' ? duties : duties.reverse()) {
        const ids = await duty.find();
        if (ids.length > 0) await duty.call(ids);
      }
    });
  }

  /** Dispatch called with ids, as sweep may at any moment: it must read for itself whether they are due. */
  calledWith(ids: Partial<Due['dispatch']>): NewActor {
    const due = { slots: [], jobs: [], queues: [], ...ids };
    return this.#actor(`due ${JSON.stringify(ids)}`, 'sweep', (deps) => dispatchDue(deps, due));
  }

  settler(path: string, event: JobEvent): NewActor | null {
    if (this.#behaviour.triggersLooks !== true || !owesLook(event)) return null;
    return this.#actor(`settle ${path}`, 'settle', (deps) => settleEvent(deps, event.jobId, event.seq));
  }

  /** A worker that has its session, and a job or none. */
  working(execution: string, session: Session, job: Job | null): NewActor {
    const claimed = job === null ? null : { ...job, attempt: 1 };
    const code = claimed === null ? this.#claiming(execution, session) : this.#finishing(execution, session, claimed);
    return { id: execution, role: 'worker', code };
  }

  /** A tenant is given another limit of jobs that run, as the api writes it. */
  limit(tenant: string, running: number): NewActor {
    return this.#actor(`limit ${tenant} to ${running}`, 'other', async ({ store }) => {
      const read = await store.get(refs.tenant(tenant));
      if (read !== null) await store.commit([update(refs.tenant(tenant), read, { limits: { running, queued: null } })]);
    });
  }

  cancel(job: string): NewActor {
    return this.#actor(`cancel ${job}`, 'other', async (deps) => {
      await cancelJob(deps, job).catch((error: unknown) => {
        if (!(error instanceof RequestError)) throw error;
      });
    });
  }

  /** Knows everything of a launch but its ticket. */
  impostor(slot: string, fence: number): NewActor {
    return this.#actor('impostor', 'other', async (deps, ports) => {
      const request = { protocol: 1, slot, fence, execution: 'impostor' };
      await ready(deps, { ...request, ticket: 'f'.repeat(64), sessionKey: 'e'.repeat(64) });
      await ports.say('stole_session', null);
    });
  }

  /** Gets a session, takes jobs until there is none, and leaves. Each call of the door is a request of its own. */
  worker({ slot, fence, ticket }: LaunchRequest, execution: string): NewActor {
    const session = { slot, fence, key: sha256(`session key of ${execution}`) };
    const request = { protocol: 1, slot, fence, ticket, execution, sessionKey: session.key };
    const code = this.#request(
      execution,
      `${execution} ready ${ticket}`,
      (deps) => ready(deps, request),
      () => this.#say(execution, 'has_session', `${slot}~${fence}`, this.#claiming(execution, session)),
    );
    return { id: execution, role: 'worker', code };
  }

  #claiming(execution: string, session: Session): ActorCode {
    return this.#request(
      execution,
      `${execution} claim`,
      (deps) => claimNow(deps, session, 0),
      ({ job }) => {
        if (job === null) return this.#behaviour.takesOne === true ? null : this.#leaving(execution, session);
        if (this.#behaviour.neverDone === execution) return null;
        const work = this.#finishing(execution, session, job);
        const computed = this.#behaviour.computes === true ? this.#say(execution, 'computing', job, work) : work;
        if (this.#behaviour.renews !== true) return computed;
        return this.#request(
          execution,
          `${execution} renew, then ${computed.key}`,
          (deps) => renew(deps, session),
          () => computed,
        );
      },
    );
  }

  #finishing(execution: string, session: Session, { id, attempt }: Pick<ClaimedJob, 'id' | 'attempt'>): ActorCode {
    const ended = { job: id, attempt, outcome: this.#outcome(session, attempt) };
    const key = `${execution} finish ${id} ${attempt}`;
    const code = this.#request(
      execution,
      key,
      (deps) => finish(deps, session, ended),
      () => (this.#behaviour.takesOne === true ? null : this.#claiming(execution, session)),
    );
    return this.#say(execution, 'finishing', { session, ended }, code);
  }

  /** The last request is made once: whatever comes of it, the worker is gone. */
  #leaving(execution: string, session: Session): ActorCode {
    return { key: `${execution} release`, run: (ports) => release(this.#deps(ports), session) };
  }

  /** A request of the door. Refused is refused, but a missing answer is asked for again, as the worker's own client does. */
  #request<T>(
    execution: string,
    key: string,
    run: (deps: Deps) => Promise<T>,
    then: (value: T) => ActorCode | null,
    tries = 3,
  ): ActorCode {
    return {
      key: `${key} ${tries}`,
      run: (ports) => run(this.#door(ports, execution)),
      then: ({ value, error }) => {
        if (error === null) return then(value as T);
        return error instanceof RequestError || tries === 1
          ? null
          : this.#request(execution, key, run, then, tries - 1);
      },
    };
  }

  #say(execution: string, what: Said, about: unknown, then: ActorCode): ActorCode {
    const key = `${execution} ${what} ${JSON.stringify(about)}, then ${then.key}`;
    return { key, run: (ports) => ports.say(what, about), then: () => then };
  }

  #outcome({ slot, fence }: Session, attempt: number): Outcome {
    if (this.#behaviour.firstAttemptFails === true && attempt === 1) {
      return { kind: 'failed', error: { kind: 'crash', message: 'exit code 1' } };
    }
    return { kind: 'succeeded', output: { by: `${slot}/${fence}/${attempt}` }, artifacts: [], metrics: {} };
  }

  /** A second arrival of a finish, whenever that is. */
  repeatedFinish(id: string, about: unknown): NewActor {
    const { session, ended } = about as { session: Session; ended: FinishRequest };
    const actor = this.#actor(id, 'other', async (deps) => {
      await finish(deps, session, ended);
    });
    return { ...actor, code: { ...actor.code, key: `${id} ${JSON.stringify(about)}` } };
  }

  /** A worker in the middle of a job: it finishes the job, whose last event is then settled. */
  finishing({ slot, fence, key }: Session, { id, version }: Job): NewActor {
    const session = { slot, fence, key };
    return this.#actor(`worker of ${id}`, 'worker', async (deps) => {
      await finish(deps, session, { job: id, attempt: 1, outcome: this.#outcome(session, 1) });
      await settleEvent(deps, id, version + 1);
    });
  }

  /** As the api does it for a job that waits for others: made with its edges, then its parents are looked at. */
  submitDependent(job: Job): NewActor {
    return this.#actor(`submit ${job.id}`, 'submit', async (deps) => {
      const edges = job.dependsOn.map((parent) =>
        create(refs.edge(parent, job.id), { schema: 1, parent, child: job.id }),
      );
      await deps.store.commit([...born(job), ...edges]);
      await releaseIfReady(deps, job.id);
    });
  }
}
