import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RequestError } from '../../domain/errors.ts';
import { RefusedRequestError } from './answer.ts';

/** Looks at a request before a byte of its body is read. @throws RequestError to refuse it */
export type Guard = (request: IncomingMessage) => Promise<void>;

/**
 * The longest message that Pub/Sub takes has 10 MB, and comes in base64. What is longer than a function has use for is its own to
 * refuse: a refusal here would bring the same message again for a day.
 */
const PRIVATE_BODY_BYTES = 16 * 1024 * 1024;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The token of `Authorization: Bearer <token>`; null where there is none. */
export function bearerOf({ headers }: IncomingMessage): string | null {
  return /^bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

/**
 * Refuses what its headers condemn: a body of unknown or too great length, or one that would grow when unpacked.
 * @throws RequestError length_required, body_too_large, unsupported_media_type
 */
export function checkBodyHeaders(
  { headers }: IncomingMessage,
  terms: { readonly maxBytes: number; readonly isRequired: boolean },
): void {
  const length = headers['content-length'];
  if (headers['transfer-encoding'] !== undefined || (terms.isRequired && length === undefined)) {
    throw new RequestError('length_required', 'Send the body with Content-Length, not in chunks.');
  }
  if (Number(length ?? 0) > terms.maxBytes) {
    throw new RequestError('body_too_large', `The body may have ${terms.maxBytes} bytes at most.`);
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw new RequestError('unsupported_media_type', 'Send the body without Content-Encoding.');
  }
}

/** The guard of every function but `api` on one machine: one secret, made at start, that only what may call it has. */
export function bearerGuard(token: string): Guard {
  const wanted = digest(token);
  return async (request) => {
    const given = bearerOf(request);
    if (given === null || !timingSafeEqual(digest(given), wanted)) {
      throw new RequestError('unauthenticated', 'This function may only be called by the platform.');
    }
    checkPrivateCall(request);
  };
}

/**
 * What a function that only the platform calls takes: POST, with a body of bounded length or none.
 * @throws RequestError method_not_allowed, or as `checkBodyHeaders`
 */
export function checkPrivateCall(request: IncomingMessage): void {
  if (request.method !== 'POST') {
    throw new RefusedRequestError('method_not_allowed', 'This function takes POST.', { allow: 'POST' });
  }
  checkBodyHeaders(request, { maxBytes: PRIVATE_BODY_BYTES, isRequired: false });
}
