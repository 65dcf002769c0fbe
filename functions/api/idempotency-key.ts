import type { IncomingHttpHeaders } from 'node:http';
import { IdempotencyKey } from '../../domain/contract/http.ts';
import { parameterError } from '../http/parse.ts';

/** The value of `Idempotency-Key`; null where there is none. @throws RequestError invalid_request */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  const read = IdempotencyKey.safeParse(key);
  if (read.success) return read.data;
  throw parameterError('Idempotency-Key', read.error.issues[0]?.message ?? 'cannot be read');
}
