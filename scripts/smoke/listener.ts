/** What the client does not tell: the status and the headers of the last answer to a submission, and after how many tries it came. */
export interface Listener {
  readonly fetch: typeof globalThis.fetch;
  last(): Pick<Response, 'status' | 'headers'>;
  tries(): number;
}

/** A fetch that remembers the answer to `POST /v1/jobs`. */
export function listener(): Listener {
  let last: Pick<Response, 'status' | 'headers'> = { status: 0, headers: new Headers() };
  let tries = 0;
  let key: string | null = null;
  return {
    fetch: async (input, init) => {
      const isSubmission = init?.method === 'POST' && new Request(input).url.endsWith('/v1/jobs');
      const asked = new Headers(init?.headers).get('idempotency-key');
      if (isSubmission) {
        tries = asked === key ? tries + 1 : 1;
        key = asked;
      }
      const response = await fetch(input, init);
      if (isSubmission) last = response;
      return response;
    },
    last: () => last,
    tries: () => tries,
  };
}
