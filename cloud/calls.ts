import type { GoogleAuth } from 'google-auth-library';
import type { Calls, Due } from '../domain/ports.ts';
import { encodeDue } from '../eventarc/due.ts';
import { CALL_MS } from './deadline.ts';
import { lazy } from './lazy.ts';

/**
 * Sweep's calls with ids, with an ID token of this function's own account for each function called.
 * @param urls where each function is; its token is good for that address only
 */
export function authenticatedCalls(urls: Readonly<Record<keyof Due, string>>): Calls {
  const auth = lazy(async (): Promise<GoogleAuth> => {
    const { GoogleAuth: Auth } = await import('google-auth-library');
    return new Auth();
  });
  return {
    async due(to, ids) {
      const client = await (await auth()).getIdTokenClient(urls[to]);
      const { headers, body } = encodeDue(to, ids);
      const { status } = await client.request({
        url: urls[to],
        method: 'POST',
        headers,
        body,
        timeout: CALL_MS.due,
        // Not repeated here: the next sweep is.
        retry: false,
        validateStatus: () => true,
      });
      if (status < 200 || status > 299) throw new Error(`${to} answered ${status} to sweep`);
    },
  };
}
