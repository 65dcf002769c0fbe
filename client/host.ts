/** What the client takes from the world around it; each part can be given, so that a test has all of them in its hand. */
export interface ClientHost {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: {
    nowMs(): number;
    /** Calls `fn` once, `ms` from now; the returned function calls it off. */
    after(ms: number, fn: () => void): () => void;
  };
  readonly random: {
    /** Uniform in [0, 1). */
    unit(): number;
    /** `bytes` random bytes in hex, that nobody can guess. */
    hex(bytes: number): string;
  };
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What is there in Node from 20 up and in every browser. */
export const systemHost: ClientHost = {
  // Looked up at each call, as a page may replace it.
  fetch: (...args) => globalThis.fetch(...args),
  clock: {
    nowMs: () => Date.now(),
    after: (ms, fn) => {
      let timer: ReturnType<typeof setTimeout>;
      // What is more than a timer can count would be over at once.
      const wait = (leftMs: number): void => {
        const nextMs = Math.min(leftMs, LONGEST_TIMER_MS);
        timer = setTimeout(() => (nextMs < leftMs ? wait(leftMs - nextMs) : fn()), nextMs);
      };
      wait(ms);
      return () => clearTimeout(timer);
    },
  },
  random: {
    unit: () => Math.random(),
    hex: (bytes) =>
      Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(''),
  },
};

/** Resolves `ms` from now. @throws the signal's reason when that ends first */
export function pause({ clock }: Pick<ClientHost, 'clock'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const onAbort = (): void => {
      callOff();
      reject(signal?.reason as Error);
    };
    const callOff = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
