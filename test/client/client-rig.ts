import { createClient, type ClientOptions, type SlipwayClient } from '../../client/index.ts';
import { KEY, type TestApi } from '../api/serve-api.ts';

export type Fetch = typeof globalThis.fetch;

/** What a fetch was asked for, as a test wants to see it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** What becomes of one try: goes through, never leaves, is lost on the way back, or is answered by something in between. */
export type Fate = 'through' | 'fails before' | 'fails after' | Response;

export interface Fated {
  readonly fetch: Fetch;
  readonly asked: readonly Asked[];
}

/** The real fetch with a fate for each try in turn; when they are used up, all go through. */
export function fated(fates: readonly Fate[], real: Fetch = fetch): Fated {
  const asked: Asked[] = [];
  return {
    asked,
    fetch: async (input, init) => {
      const url = new URL(input);
      const fate = fates[asked.length] ?? 'through';
      asked.push({
        method: init?.method ?? 'GET',
        path: url.pathname + url.search,
        headers: new Headers(init?.headers),
        body: init?.body ?? null,
      });
      if (fate instanceof Response) return fate;
      if (fate === 'fails before') throw broken('ECONNREFUSED');
      const answer = await real(input, init);
      if (fate === 'fails after') throw broken('ECONNRESET');
      return answer;
    },
  };
}

const broken = (code: string): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(`it broke: ${code}`), { code }) });

/** A clock whose pauses are over at once, and are kept. Only what is longer than a try may last never fires. */
export function hastyClock(startMs = Date.UTC(2026, 10, 26)) {
  const pauses: number[] = [];
  let now = startMs;
  return {
    pauses,
    nowMs: () => now,
    pass: (ms: number): void => void (now += ms),
    after: (ms: number, fn: () => void): (() => void) => {
      if (ms >= 20_000) return () => undefined;
      pauses.push(ms);
      now += ms;
      queueMicrotask(fn);
      return () => undefined;
    },
  };
}

/** A client of this api that pauses for no time at all. */
export const clientOf = (api: TestApi, more: Partial<ClientOptions> = {}): SlipwayClient =>
  createClient({ url: api.url, key: KEY, clock: hastyClock(), ...more });
