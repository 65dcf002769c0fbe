import { CloudEvent } from 'cloudevents';
import type { Bus, Calls, Due, Execution, LaunchRequest, LaunchResult, Ref } from '../../domain/ports.ts';
import { MINUTE, SECOND } from '../../domain/time.ts';
import { encodeDue } from '../../eventarc/due.ts';
import { ROUTES } from '../../eventarc/routes.ts';
import { documentMessage, matchesDocument, pushMessage, topicMessage, type Message } from '../../local/bus-message.ts';
import type { ManualClock } from '../local/manual-clock.ts';
import type { Conductor } from './conductor.ts';
import { BrokenError } from './fault.ts';
import { Process } from './process.ts';
import type { Served } from './served.ts';

const ACK_MS = { event: 10 * SECOND, push: MINUTE };
const BACKOFF_MS = 10 * SECOND;
/** More tries than a run has faults: what is refused so often is given up, as after the retention. */
const MOST_TRIES = 8;
/** From SIGTERM to SIGKILL. */
const KILL_MS = 10 * SECOND;

/** One run of a worker. */
export interface Launched {
  readonly execution: string;
  readonly request: LaunchRequest;
  readonly process: Process;
  /** What the platform tells of it. */
  status: 'running' | 'ended';
  /** It hears no SIGTERM. */
  isDeaf: boolean;
}

/** Pub/Sub, Eventarc, the scheduler and Cloud Run Jobs. */
export class Platform {
  readonly executions = new Map<string, Launched>();
  readonly process = new Process('platform');
  readonly #clock: ManualClock;
  readonly #conductor: Conductor;
  readonly #isLossy: boolean;
  readonly #start: (launched: Launched) => void;
  #served: Served | null = null;
  #messages = 0;
  #lostLaunches: number;

  /**
   * @param options.isLossy every message and every trigger is lost
   * @param options.lostLaunches so many launches start nothing, and nobody can tell
   * @param options.start runs an execution
   */
  constructor(options: {
    readonly clock: ManualClock;
    readonly conductor: Conductor;
    readonly isLossy: boolean;
    readonly lostLaunches: number;
    readonly start: (launched: Launched) => void;
  }) {
    this.#clock = options.clock;
    this.#conductor = options.conductor;
    this.#isLossy = options.isLossy;
    this.#lostLaunches = options.lostLaunches;
    this.#start = options.start;
  }

  /** The functions stand on the platform, and it calls them: one has to come first. */
  serve(served: Served): void {
    this.#served = served;
  }

  get served(): Served {
    if (this.#served === null) throw new Error('nothing is served yet');
    return this.#served;
  }

  publish(topic: Parameters<Bus['publish']>[0], message: object): void {
    for (const route of ROUTES) {
      if (!('topic' in route) || route.topic !== topic) continue;
      const make = route.via === 'push' ? pushMessage : topicMessage;
      this.#bring(make(route.function, topic, message, this.#nextId(), this.#clock.nowMs()), 1);
    }
  }

  /** Tells of documents that a commit created. */
  created(created: readonly Ref[]): void {
    for (const { path } of created) {
      for (const route of ROUTES) {
        if (route.via !== 'document' || !matchesDocument(route.document, path)) continue;
        this.#bring(documentMessage(route.function, path, this.#nextId(), this.#clock.nowMs()), 1);
      }
    }
  }

  /** Sweep's call with ids. @throws where the function does not answer 2xx */
  async due<F extends keyof Due>(...[to, ids]: Parameters<Calls['due']>): Promise<void> {
    const { headers, body } = encodeDue(to, ids as Due[F]);
    const sent = { ...headers, 'ce-time': new Date(this.#clock.nowMs()).toISOString() };
    await this.#deliver({ via: 'ce-type' in headers ? 'topic' : 'push', function: to, headers: sent, body });
  }

  /** The scheduler's minute. */
  async sweep(): Promise<void> {
    const failed = async (): Promise<void> => undefined;
    await this.#conductor.call(this.process, {
      op: 'schedule',
      what: 'sweep',
      act: async () => {
        const request = { method: 'POST', url: '/', headers: {}, body: '' };
        await this.served.http('sweep', request, new AbortController().signal).catch(failed);
      },
      broken: failed,
      patienceMs: MINUTE,
      isLong: true,
      crash: () => this.served.crash('sweep'),
    });
    this.#conductor.swept();
  }

  launch(request: LaunchRequest): LaunchResult {
    if (this.#lostLaunches > 0) {
      this.#lostLaunches -= 1;
      return { kind: 'ambiguous', message: 'no answer' };
    }
    const execution = `execution-${this.executions.size + 1}`;
    const process = new Process(execution);
    const launched: Launched = { execution, request, process, status: 'running', isDeaf: false };
    this.executions.set(execution, launched);
    this.#start(launched);
    return { kind: 'started', execution };
  }

  cancel(execution: string): void {
    const launched = this.executions.get(execution);
    if (launched === undefined || launched.isDeaf || !launched.process.isAlive) return;
    this.#clock.after(KILL_MS, () => this.ended(execution));
  }

  ended(execution: string): void {
    const launched = this.executions.get(execution);
    if (launched === undefined) return;
    launched.status = 'ended';
    launched.process.end();
  }

  status(execution: string): 'running' | 'ended' | 'unknown' {
    return this.executions.get(execution)?.status ?? 'unknown';
  }

  find({ queue, slot, fence }: Pick<LaunchRequest, 'queue' | 'slot' | 'fence'>): Execution[] {
    return [...this.executions.values()]
      .filter(({ request, status }) => status === 'running' && request.slot === slot && request.fence === fence)
      .map(({ execution }) => ({ queue, execution }));
  }

  #nextId(): string {
    return `message-${(this.#messages += 1)}`;
  }

  #bring(message: Message, tries: number): void {
    if (this.#isLossy) return;
    const acknowledged = this.#conductor.call(this.process, {
      op: 'message',
      what: `${message.name} to ${message.function}${tries > 1 ? `, try ${tries}` : ''}`,
      act: async () => {
        await this.#deliver(message);
        return true;
      },
      // Lost for good, or done and sent again.
      broken: async (took) => took === 'nothing',
      patienceMs: message.via === 'push' ? ACK_MS.push : ACK_MS.event,
      isLong: true,
      crash: () => this.served.crash(message.function),
    });
    const again = (): void => {
      if (tries >= MOST_TRIES) return;
      this.#clock.after(BACKOFF_MS * 2 ** (tries - 1), () => this.#bring(message, tries + 1));
    };
    acknowledged.then((isAcknowledged) => (isAcknowledged ? undefined : again()), again);
  }

  async #deliver(message: Pick<Message, 'via' | 'function' | 'headers' | 'body'>): Promise<void> {
    const { via, function: name, headers, body } = message;
    if (via !== 'push') return this.served.event(name, eventOf(headers, body));
    const request = { method: 'POST', url: '/', headers, body };
    const { status } = await this.served.http(name, request, new AbortController().signal);
    if (status < 200 || status > 299) throw new BrokenError(`${name} answered ${status}`);
  }
}

/** A binary CloudEvent as functions-framework hands it on: the data as bytes. */
function eventOf(headers: Readonly<Record<string, string>>, body: string): CloudEvent<unknown> {
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]): [string, unknown] => [name.slice('ce-'.length), value]);
  const event = { ...Object.fromEntries(attributes), data: Buffer.from(body) };
  return new CloudEvent(event, false);
}
