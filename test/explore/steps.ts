import type { JobEvent } from '../../domain/contract/job.ts';
import { PreconditionFailedError, RequestError, UnclearError } from '../../domain/errors.ts';
import type { LaunchResult } from '../../domain/ports.ts';
import type { Choice, How } from './choices.ts';
import { commit, count, find, query, snapshotOf, type Change } from './documents.ts';
import { checkCommit, checkNoneIdle } from './invariants.ts';
import { lateAfter } from './place-invariants.ts';
import type { Positions } from './positions.ts';
import type { Answer, Call } from './stepping-store.ts';
import { executionName, Violation, type Actor, type NewActor, type Scenario, type World } from './world.ts';

/** Past every lease, reservation and start-up. */
export const LEAP_MS = 310_000;

/** Where steps are told of, in words. */
export type Tell = (line: string) => void;

/** Takes worlds from one step to the next, with the actors' real code. */
export class Steps {
  readonly #scenario: Scenario;
  readonly #positions: Positions;
  constructor(scenario: Scenario, positions: Positions) {
    this.#scenario = scenario;
    this.#positions = positions;
  }

  /** @throws Violation */
  async take(world: World, choice: Choice, tell?: Tell): Promise<World> {
    switch (choice.kind) {
      case 'leap':
        tell?.(`the clock passes ${LEAP_MS / 1_000} s`);
        return { ...world, nowMs: world.nowMs + LEAP_MS, budget: less(world, 'leap') };
      case 'crash':
        tell?.(`${choice.actor} crashes`);
        const harmed = { ...without(world, choice.actor), budget: less(world, 'crash'), harmed: true };
        const crashed = world.actors.find(({ id }) => id === choice.actor);
        return crashed === undefined ? harmed : this.#answerCaller(harmed, crashed, NO_ANSWER);
      case 'deliver': {
        const id = freeId(world, 'dispatch');
        tell?.(`a nudge is delivered${choice.again ? ', and will be again' : ''}: ${id} starts`);
        const rest = choice.again ? { budget: less(world, 'duplicate') } : { nudges: world.nudges - 1 };
        const begun = await this.spawn({ ...world, ...rest }, this.#scenario.dispatcher(id));
        const call = begun.actors
          .find((actor) => actor.id === id)
          ?.at.calls.keys()
          .next().value;
        if (call === undefined) return begun;
        return this.take(begun, { kind: 'answer', actor: id, call, how: 'as asked' }, tell);
      }
      case 'answer': {
        const actor = world.actors.find(({ id }) => id === choice.actor);
        const call = actor?.at.calls.get(choice.call);
        if (actor === undefined || call === undefined) throw new Error(`no such choice: ${JSON.stringify(choice)}`);
        const next = await this.#answer(world, actor, choice.call, call, choice.how, tell);
        checkNoneIdle(this.#scenario, next);
        return next;
      }
    }
  }

  async spawn(world: World, { id, role, code, caller }: NewActor): Promise<World> {
    const begun = this.#positions.start(code, world.nowMs);
    const at = begun instanceof Promise ? await begun : begun;
    const actor = caller === undefined ? { id, role, at } : { id, role, at, caller };
    const actors = [...world.actors, actor].sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.#settle({ ...world, actors }, actor);
  }

  async #answer(world: World, actor: Actor, number: number, call: Call, how: How, tell?: Tell): Promise<World> {
    const { answer, changed, born } = this.#effect(world, actor, call, how, tell);
    let next = await this.#advance({ ...world, ...changed }, actor, number, answer, tell);
    for (const one of born) next = await this.spawn(next, one);
    return next;
  }

  async #advance(world: World, actor: Actor, call: number, answer: Answer, tell?: Tell): Promise<World> {
    const reached = this.#positions.after(actor.at, { call, answer, nowMs: world.nowMs });
    return this.#settle(world, { ...actor, at: reached instanceof Promise ? await reached : reached }, tell);
  }

  /** Puts an actor where it has come to; at an end it goes on with what follows, or leaves. */
  async #settle(world: World, actor: Actor, tell?: Tell): Promise<World> {
    const { id, role, at } = actor;
    if (at.ended !== null) {
      const then = at.code.then?.(at.ended) ?? null;
      if (then !== null) {
        const begun = this.#positions.start(then, world.nowMs);
        return this.#settle(world, { ...actor, at: begun instanceof Promise ? await begun : begun }, tell);
      }
      const left = ended(without(world, id), actor, at.ended.error, tell);
      return this.#answerCaller(left, actor, at.ended.error === null ? OK : NO_ANSWER, tell);
    }
    const next = { ...world, actors: world.actors.map((other) => (other.id === id ? actor : other)) };
    for (const [number, call] of at.calls) {
      if (call.op !== 'due') continue;
      const called = this.#scenario.due(`${id}’s call`, call.to, call.ids);
      if (called === null) return this.#advance(next, actor, number, OK, tell);
      tell?.(`${id}: calls ${call.to} with ${JSON.stringify(call.ids)}`);
      return this.spawn(next, { ...called, role, caller: { id, call: number } });
    }
    return next;
  }

  async #answerCaller(world: World, { caller }: Actor, answer: Answer, tell?: Tell): Promise<World> {
    const waiting = world.actors.find(({ id }) => id === caller?.id);
    if (caller === undefined || waiting === undefined) return world;
    return this.#advance(world, waiting, caller.call, answer, tell);
  }

  #effect(world: World, actor: Actor, call: Call, how: How, tell?: Tell): Effect {
    const { docs, nowMs } = world;
    const say = (outcome: string): void => tell?.(`${actor.id}: ${outcome}`);
    switch (call.op) {
      case 'get': {
        const doc = find(docs, call.path);
        say(`reads ${call.path} -> ${doc === null ? 'none' : inWords(doc.data)}`);
        return only({ text: String(doc?.id ?? null), value: doc === null ? null : snapshotOf(doc, nowMs) });
      }
      case 'query': {
        const after = call.after === null ? {} : { after: call.after };
        const { items, next } = query(docs, call.shape, call.where, { limit: call.limit, ...after });
        say(`asks ${call.shape} -> ${items.map((doc) => `${doc.path} ${inWords(doc.data)}`).join('; ') || 'none'}`);
        const value = { items: items.map((doc) => snapshotOf(doc, nowMs)), next, readAtMs: nowMs };
        return only({ text: items.map((doc) => doc.id).join(), value });
      }
      case 'count': {
        const value = count(docs, call.shape, call.where, call.limit);
        say(`counts ${call.shape} -> ${value}`);
        return only({ text: String(value), value });
      }
      case 'commit':
        return this.#commit(world, actor, call, how, say);
      case 'publish':
        say('publishes a nudge');
        return { answer: OK, changed: { nudges: world.nudges + 1 }, born: [] };
      case 'cancel':
      case 'status':
        // The platform tells late, if at all: nothing may rest on it.
        return only({ text: 'unknown', value: 'unknown' });
      case 'find':
        return only({ text: 'none', value: [] });
      case 'launch':
        return this.#launch(world, call, how, say);
      case 'due':
        throw new Error('a call with ids is answered when the one called has ended');
      case 'say':
        return this.#said(world, actor, call, how, say);
    }
  }

  #commit(world: World, actor: Actor, call: Call & { op: 'commit' }, how: How, say: Tell): Effect {
    const paths = call.writes.map((write) => `${write.ref.path}${'patch' in write ? ` ${inWords(write.patch)}` : ''}`);
    const what = `writes ${paths.filter((path) => !path.includes('/events/')).join(' and ')}`;
    // After an unclear commit a worker tries again; whoever else made it leaves the rest to sweep.
    const harm = how === 'unclear, done' && actor.role === 'worker' ? {} : { harmed: true };
    const unclear = { text: 'unclear', error: new UnclearError('no answer came') };
    if (how === 'unclear, not done') {
      say(`${what} -> unclear, not done`);
      return { answer: unclear, changed: { budget: less(world, 'unclear'), ...harm }, born: [] };
    }
    const done = commit(world.docs, call.writes, world.nowMs);
    say(`${what} -> ${done.kind === 'done' ? how : `refused: ${done.path} ${done.found}`}`);
    if (done.kind === 'done') checkCommit(this.#scenario, world, actor, done.changes, done.docs);
    const changed =
      done.kind === 'done' ? { docs: done.docs, late: lateAfter(world, actor, done.changes) } : { docs: world.docs };
    const born = done.kind === 'done' ? this.#triggered(done.changes) : [];
    if (how !== 'as asked') {
      return { answer: unclear, changed: { ...changed, budget: less(world, 'unclear'), ...harm }, born };
    }
    if (done.kind === 'done') return { answer: OK, changed, born };
    const { path, found } = done;
    return only({ text: `${path} ${found}`, error: new PreconditionFailedError(path, found) });
  }

  /** What the triggers of the events that were created start. */
  #triggered(changes: readonly Change[]): NewActor[] {
    return changes.flatMap(({ path, before, after }) => {
      if (before !== null || after?.collection !== 'events') return [];
      return this.#scenario.settler(path, after.data as unknown as JobEvent) ?? [];
    });
  }

  #launch(world: World, call: Call & { op: 'launch' }, how: How, say: Tell): Effect {
    const { request } = call;
    const { slot, fence } = request;
    const begins = { failed: 0, ambiguous: 0, started_two: 2 }[how as string] ?? 1;
    const born = ['a', 'b']
      .slice(0, begins)
      .map((twin) => this.#scenario.worker(request, executionName(slot, fence, twin)));
    say(
      `launches a worker for ${slot} fence ${fence} -> ${how}; begins: ${born.map(({ id }) => id).join(', ') || 'none'}`,
    );
    const value: LaunchResult = how.startsWith('failed')
      ? { kind: 'failed', reason: 'other', message: how }
      : how.startsWith('ambiguous')
        ? { kind: 'ambiguous', message: how }
        : { kind: 'started', execution: executionName(slot, fence, 'a') };
    if (how === 'as asked') return { answer: { text: value.kind, value }, changed: {}, born };
    const harm = value.kind === 'failed' || begins === 0 ? { harmed: true } : {};
    return { answer: { text: value.kind, value }, changed: { budget: less(world, 'launch'), ...harm }, born };
  }

  #said(world: World, actor: Actor, call: Call & { op: 'say' }, how: How, say: Tell): Effect {
    say(call.what.replace('_', ' '));
    switch (call.what) {
      case 'stole_session':
        throw new Violation(`${actor.id} got a session without the ticket`);
      case 'has_session': {
        const right = `${String(call.about)}=`;
        const other = world.sessions.find((session) => session.startsWith(right));
        if (other !== undefined) throw new Violation(`${actor.id} has a second session beside ${other}`);
        return { answer: OK, changed: { sessions: [...world.sessions, `${right}${actor.id}`].sort() }, born: [] };
      }
      case 'finishing': {
        if (how !== 'sent twice') return only(OK);
        const repeated = this.#scenario.repeatedFinish(`repeated finish of ${actor.id}`, call.about);
        return { answer: OK, changed: { budget: less(world, 'repeat') }, born: [repeated] };
      }
      case 'computing':
        return only(OK);
    }
  }
}

interface Effect {
  readonly answer: Answer;
  readonly changed: Partial<World>;
  readonly born: readonly NewActor[];
}

const OK: Answer = { text: 'ok' };
const NO_ANSWER: Answer = { text: 'no answer', error: new Error('the function answered no 2xx') };
const only = (answer: Answer): Effect => ({ answer, changed: {}, born: [] });

const less = ({ budget }: World, fault: keyof World['budget']): World['budget'] => ({
  ...budget,
  [fault]: budget[fault] - 1,
});

const without = (world: World, id: string): World => ({
  ...world,
  actors: world.actors.filter((actor) => actor.id !== id),
});

export function freeId(world: World, role: string): string {
  let n = 1;
  while (world.actors.some(({ id }) => id === `${role} ${n}`)) n += 1;
  return `${role} ${n}`;
}

/** An event handler that throws has its event again; a worker that was refused is gone; all else is a fault of the code. */
function ended(world: World, actor: Actor, error: unknown, tell?: Tell): World {
  if (error === null) return world;
  const why = error instanceof Error ? error : new Error('something that is no error was thrown');
  tell?.(`${actor.id} ends: ${why.message}`);
  const mayBeRefused = actor.role === 'worker' || actor.role === 'other';
  if (error instanceof RequestError && error.code !== 'invalid_input' && mayBeRefused) return world;
  if (error instanceof UnclearError || error instanceof PreconditionFailedError) {
    return actor.role === 'dispatch' ? { ...world, nudges: world.nudges + 1 } : world;
  }
  throw new Violation(`${actor.id} failed: ${why.stack ?? why.message}`);
}

const SHOWN = ['state', 'fence', 'version', 'attempt', 'holder', 'jobs', 'execution'];

const inWords = (data: object): string =>
  JSON.stringify(Object.fromEntries(Object.entries(data).filter(([key]) => SHOWN.includes(key))));
