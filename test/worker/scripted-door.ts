import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClaimedJob, FinishRequest, Outcome, ReadyReply } from '../../domain/contract/door.ts';

export type CallName = 'ready' | 'claim' | 'report' | 'artifact' | 'finish' | 'renew' | 'release';

export interface Call {
  readonly name: CallName;
  readonly body: Record<string, unknown>;
  readonly session: string | undefined;
}

/** What the door does with a call: answers, closes the connection unanswered, or leaves it open without an answer. */
export type Answer = { readonly status: number; readonly body: unknown } | 'drop' | 'hang';

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const refused: Answer = { status: 409, body: { code: 'session_refused', detail: 'The slot was handed on.' } };
export const unavailable: Answer = { status: 503, body: { code: 'unavailable' } };

const BOUNDS: ReadyReply = {
  models: [],
  renewEveryMs: 100,
  abandonAfterMs: 5_000,
  idleTimeoutMs: 50,
  maxLifetimeMs: 60_000,
};

/** A door of one worker that hands out the jobs it was given and takes note of every call. A test may script any call. */
export class ScriptedDoor {
  readonly calls: Call[] = [];
  readonly uploads = new Map<string, { bytes: Buffer; headers: IncomingMessage['headers'] }>();
  bounds: ReadyReply = BOUNDS;
  url = '';
  /** Called before the door's own answer; undefined lets that stand. */
  script: (call: Call) => Answer | undefined = () => undefined;
  /** Answers of the storage, first to last; 200 after them. */
  uploadStatuses: number[] = [];
  readonly #jobs: ClaimedJob[] = [];
  readonly #wakers = new Set<() => void>();
  readonly #server = createServer((request, response) => void this.#take(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  push(...jobs: ClaimedJob[]): void {
    this.#jobs.push(...jobs);
    this.#wake();
  }

  named(name: CallName): Call[] {
    return this.calls.filter((call) => call.name === name);
  }

  /** Resolves with the first call, past or to come, that fits. */
  async seen(fits: (call: Call) => boolean): Promise<Call> {
    for (;;) {
      const found = this.calls.find(fits);
      if (found !== undefined) return found;
      await this.#changed();
    }
  }

  /** How the door was told that a job ended. */
  async outcomeOf(job: string): Promise<Outcome> {
    const call = await this.seen(({ name, body }) => name === 'finish' && body['job'] === job);
    return (call.body as unknown as FinishRequest).outcome;
  }

  /** The text of all log lines of a job, in the order of their chunks. */
  logOf(job: string): string[] {
    const chunks = new Map<number, string[]>();
    for (const { body } of this.named('report')) {
      const logs = body['logs'] as { text: string }[];
      if (body['job'] === job && logs.length > 0) {
        chunks.set(
          body['logSeq'] as number,
          logs.map((line) => line.text),
        );
      }
    }
    return [...chunks].sort(([a], [b]) => a - b).flatMap(([, texts]) => texts);
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wakers.add(resolve));
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const waker of wakers) waker();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const path = request.url ?? '';
    if (request.method === 'PUT') {
      const status = this.uploadStatuses.shift() ?? 200;
      if (status === 200) this.uploads.set(path, { bytes, headers: request.headers });
      response.writeHead(status).end();
      return;
    }
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('a file');
      return;
    }
    const session = request.headers['slipway-session'];
    const call: Call = {
      name: path.slice(1) as CallName,
      body: JSON.parse(bytes.toString()) as Record<string, unknown>,
      session: typeof session === 'string' ? session : undefined,
    };
    this.calls.push(call);
    this.#wake();
    const answer = this.script(call) ?? ok(await this.#answer(call, response));
    if (answer === 'drop') response.destroy();
    else if (answer !== 'hang') {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    }
  }

  async #answer({ name, body }: Call, response: ServerResponse): Promise<unknown> {
    switch (name) {
      case 'ready':
        return this.bounds;
      case 'claim':
        return { job: await this.#nextJob(body['holdMs'] as number, response), drain: false };
      case 'report':
        return { cancel: false };
      case 'artifact': {
        const path = `/blobs/${String(body['job'])}/${String(body['name'])}`;
        return { path, url: `${this.url}${path}`, headers: { 'Content-Type': body['contentType'], 'x-signed': 'yes' } };
      }
      case 'finish':
        return { accepted: true };
      case 'renew':
        return { cancel: [], drain: false };
      case 'release':
        return { released: true };
    }
  }

  async #nextJob(holdMs: number, response: ServerResponse): Promise<ClaimedJob | null> {
    const untilMs = Date.now() + holdMs;
    response.once('close', () => this.#wake());
    while (this.#jobs.length === 0) {
      const leftMs = untilMs - Date.now();
      if (leftMs <= 0 || response.destroyed) return null;
      const timer = setTimeout(() => this.#wake(), leftMs);
      await this.#changed();
      clearTimeout(timer);
    }
    return this.#jobs.shift() ?? null;
  }
}
