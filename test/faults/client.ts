import type { JobResource } from '../../domain/contract/http.ts';
import type { Clock } from '../../domain/ports.ts';
import { MINUTE, SECOND } from '../../domain/time.ts';
import type { Conductor } from './conductor.ts';
import { BrokenError } from './fault.ts';
import { Process } from './process.ts';
import type { HttpAnswer, Served } from './served.ts';
import type { Signals } from './signals.ts';
import type { Script } from './worker.ts';

export const API_KEY = 'slw_test-key';

/** What a client knows of a request: it was accepted, it was refused, or nobody can tell. */
export type Known = 'ok' | 'refused' | 'unknown';

/** One submission as its client has it, whatever became of it. */
export interface Submission {
  readonly tag: string;
  readonly key: string | null;
  /** Requests that reached the api. */
  arrivals: number;
  known: Known;
  readonly ids: string[];
}

export interface Cancellation {
  readonly job: string;
  known: Known;
}

export interface History {
  readonly submissions: Submission[];
  readonly cancellations: Cancellation[];
}

export interface Wanted {
  readonly script?: Omit<Script, 'tag' | 'from'>;
  /** Ids of the jobs whose outputs it takes. */
  readonly parents?: readonly string[];
  readonly key?: string;
  /** How often it is sent until the answer is clear. */
  readonly tries?: number;
  readonly webhook?: object;
  readonly maxAttempts?: number;
}

/** Holding an answer open comes on top. */
const PATIENCE_MS = 30 * SECOND;
const PAUSE_MS = 2 * SECOND;

/** A program that uses the HTTPS interface, and remembers what it was told. */
export class Client {
  readonly #clock: Clock;
  readonly #conductor: Conductor;
  readonly #served: Served;
  readonly #history: History;
  readonly #process: Process;
  readonly #prefix: string;
  readonly #signals: Signals;

  constructor(options: {
    readonly name: string;
    readonly clock: Clock;
    readonly conductor: Conductor;
    readonly served: Served;
    readonly history: History;
    readonly signals: Signals;
    /** Before each tag, so that several scenarios can share a world. */
    readonly prefix: string;
  }) {
    this.#process = new Process(options.name);
    this.#clock = this.#process.clockOf(options.clock);
    this.#conductor = options.conductor;
    this.#served = options.served;
    this.#history = options.history;
    this.#signals = options.signals;
    this.#prefix = options.prefix;
  }

  heard(what: 'computing' | 'finishing', tag: string): Promise<void> {
    return this.#signals.heard(what, this.#prefix + tag);
  }

  /** Any worker of the queue. */
  heardLeaving(queue: string): Promise<void> {
    return this.#signals.heard('leaving', queue);
  }

  /** The id of the job, once that is certain; null where it never is. */
  async submit(tag: string, wanted: Wanted = {}): Promise<string | null> {
    const { script = {}, parents = [], key, tries = 1, webhook, maxAttempts } = wanted;
    const name = this.#prefix + tag;
    const submission: Submission = {
      tag: name,
      key: key === undefined ? null : this.#prefix + key,
      arrivals: 0,
      known: 'refused',
      ids: [],
    };
    this.#history.submissions.push(submission);
    const from = parents.map((job) => ({ $output: { job, path: '/value' } }));
    const body = {
      model: 'noop',
      input: { tag: name, ...script, ...(from.length === 0 ? {} : { from }) },
      metadata: { tag: name },
      ...(webhook === undefined ? {} : { webhook }),
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
    };
    const headers = submission.key === null ? {} : { 'idempotency-key': submission.key };
    const arrived = (): void => {
      submission.arrivals += 1;
      if (submission.known === 'refused') submission.known = 'unknown';
    };
    const answer = await this.#insist(tries, () => this.#send('POST', '/v1/jobs', { body, headers, arrived }));
    if (answer === null) return null;
    if (answer.status >= 400) {
      if (submission.arrivals === 1) submission.known = 'refused';
      return null;
    }
    const { id } = JSON.parse(answer.text) as JobResource;
    submission.known = 'ok';
    submission.ids.push(id);
    return id;
  }

  async cancel(job: string): Promise<void> {
    const cancellation: Cancellation = { job, known: 'unknown' };
    this.#history.cancellations.push(cancellation);
    const answer = await this.#insist(3, () => this.#send('POST', `/v1/jobs/${job}/cancel`));
    if (answer !== null) cancellation.known = answer.status === 200 ? 'ok' : 'refused';
  }

  /** The job, once it has ended or a minute has passed; null where no answer comes. */
  async wait(job: string): Promise<JobResource | null> {
    const options = { headers: { prefer: 'wait=60' }, holdMs: MINUTE };
    const answer = await this.#insist(2, () => this.#send('GET', `/v1/jobs/${job}`, options));
    return answer?.status === 200 ? (JSON.parse(answer.text) as JobResource) : null;
  }

  async look(job: string): Promise<void> {
    await this.#insist(1, () => this.#send('GET', `/v1/jobs/${job}`));
  }

  /** Sends until the answer is clear. */
  async #insist(tries: number, send: () => Promise<HttpAnswer>): Promise<HttpAnswer | null> {
    for (let left = tries; left > 0; left -= 1) {
      const answer = await send().catch(() => null);
      if (answer !== null && answer.status < 500) return answer;
      if (left > 1) await new Promise<void>((resolve) => this.#clock.after(PAUSE_MS, resolve));
    }
    return null;
  }

  #send(
    method: string,
    url: string,
    options: { body?: object; headers?: Record<string, string>; holdMs?: number; arrived?: () => void } = {},
  ): Promise<HttpAnswer> {
    const { body, headers = {}, holdMs = 0, arrived } = options;
    const gone = new AbortController();
    const sent = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers };
    return this.#conductor.call(this.#process, {
      op: 'request',
      what: `${method} ${url}`,
      act: () => {
        arrived?.();
        const request = { method, url, headers: sent, body: body === undefined ? '' : JSON.stringify(body) };
        return this.#served.http('api', request, gone.signal);
      },
      broken: async () => {
        throw new BrokenError('no answer');
      },
      patienceMs: holdMs + PATIENCE_MS,
      isLong: true,
      hangUp: () => gone.abort(),
    });
  }
}
