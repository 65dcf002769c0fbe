import { bearerGuard } from '../../functions/serve.ts';
import { httpCalls } from '../../local/calls.ts';
import { describeCalls } from '../ports/describe-calls.ts';

describeCalls(
  'one machine',
  (called) => bearerGuard(`token-of-${called}`),
  async (urls) => ({
    calls: httpCalls((name) => ({ url: urls[name], token: `token-of-${name}` })),
    close: async () => undefined,
  }),
);
