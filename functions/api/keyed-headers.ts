import type { HeaderDoc } from './route.ts';

/** The headers of an operation that makes one thing for each idempotency key. */
export const keyedHeaders = (what: 'job' | 'file'): Readonly<Record<'key' | 'location' | 'replayed', HeaderDoc>> => ({
  key: {
    name: 'Idempotency-Key',
    description: `Makes the request safe to repeat: 1 to 255 visible ASCII characters of your choice, one for each ${what}.`,
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  location: {
    name: 'Location',
    description: `The address of the ${what}.`,
    schema: { type: 'string', format: 'uri-reference' },
  },
  replayed: {
    name: 'Idempotent-Replayed',
    description: `\`true\`: this key and body made the ${what} before.`,
    schema: { type: 'string', const: 'true' },
  },
});
