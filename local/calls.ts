import type { Calls, Due } from '../domain/ports.ts';
import { encodeDue } from '../eventarc/due.ts';
import type { FunctionAddress } from './bus.ts';

/** Sweep's calls with ids. @param addressOf asked at each call, since functions start after what calls them */
export function httpCalls(addressOf: (name: keyof Due) => FunctionAddress): Calls {
  return {
    async due(to, ids) {
      const { url, token } = addressOf(to);
      const { headers, body } = encodeDue(to, ids);
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${token}` },
        body,
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${to} answered ${response.status} to sweep`);
    },
  };
}
