import { IdempotencyKey } from '../../domain/contract/http.ts';
import { PoisonEventError, RequestError } from '../../domain/errors.ts';
import type { Settings } from '../../domain/settings.ts';
import { decodeEnvelope } from '../../eventarc/decode.ts';
import { parseStrictJson } from '../http/strict-json.ts';

const EXCERPT_CHARACTERS = 256;
const NAMES_SHOWN = 20;

/** A published request, as far as it can be read. */
export interface Opened {
  /** What may be kept of it. */
  readonly excerpt: string;
  /** Null where none is given that can be one. */
  readonly key: string | null;
  /** The request as it would be sent over HTTPS: without its key, which is a header there. Or what is wrong with it. */
  readonly request: Readonly<Record<string, unknown>> | RequestError;
}

/**
 * Reads the data of an event as a request for a job and its idempotency key, which stands in the body or in an attribute.
 * Never throws: what is wrong is to be recorded with all that could be read.
 */
export function openMessage({ maxBodyBytes }: Pick<Settings, 'maxBodyBytes'>, data: unknown): Opened {
  let excerpt = '';
  let key: string | null = null;
  try {
    const message = decodeEnvelope(data);
    const attribute = message.attributes['idempotencyKey'];
    excerpt = maskedBeginning(message.data);
    key = keyIn(attribute);
    if (message.data.length > maxBodyBytes) {
      throw new RequestError(
        'body_too_large',
        `The message has ${message.data.length} bytes; ${maxBodyBytes} are taken.`,
      );
    }
    const body = parseStrictJson(message.data);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new RequestError('invalid_input', 'The message must be a JSON object: a request for a job.');
    }
    excerpt = namesIn(body);
    const { idempotencyKey: inBody, ...request } = body as Record<string, unknown>;
    key = keyIn(inBody) ?? key;
    return { excerpt, key, request: keyFault(inBody, attribute) ?? request };
  } catch (error) {
    if (error instanceof RequestError) return { excerpt, key, request: error };
    if (!(error instanceof PoisonEventError)) throw error;
    return {
      excerpt,
      key,
      request: new RequestError('invalid_request', `The message cannot be read: ${error.message}.`),
    };
  }
}

const keyIn = (value: unknown): string | null => IdempotencyKey.safeParse(value).data ?? null;

/** The id of a message is no key: a publisher that publishes again, not knowing whether it did, makes a message with another one. */
function keyFault(inBody: unknown, attribute: unknown): RequestError | null {
  const [field, value] = inBody === undefined ? ['idempotencyKey', attribute] : ['/idempotencyKey', inBody];
  if (value === undefined) {
    const detail =
      'Give an idempotencyKey of your own, in the body or as an attribute, and the same each time you publish this.';
    return new RequestError('invalid_input', detail, [{ field: '/idempotencyKey', message: 'is required' }]);
  }
  const read = IdempotencyKey.safeParse(value);
  if (!read.success) {
    const message = read.error.issues[0]?.message ?? 'cannot be read';
    return new RequestError('invalid_input', `idempotencyKey: ${message}.`, [{ field, message }]);
  }
  if (inBody === undefined || attribute === undefined || inBody === attribute) return null;
  const message = 'is not the one that the attribute idempotencyKey gives';
  return new RequestError('invalid_input', `idempotencyKey: the body ${message.replace('is', 'has')}.`, [
    { field, message },
  ]);
}

/**
 * The model, and the names of what was sent: values may be secrets, a webhook's or an input's, and a rejection is read by whoever
 * reads the tenant's jobs.
 */
function namesIn(body: object): string {
  const { model } = body as { model?: unknown };
  const fields = Object.keys(body).slice(0, NAMES_SHOWN);
  const said = JSON.stringify({ ...(typeof model === 'string' ? { model: model.slice(0, 100) } : {}), fields });
  return said.slice(0, 4 * EXCERPT_CHARACTERS);
}

/** What is no JSON is known by its signs: a comma too many, or XML; its letters and digits could be a secret. */
const maskedBeginning = (bytes: Buffer): string =>
  bytes
    .subarray(0, EXCERPT_CHARACTERS)
    .toString('latin1')
    .replace(/[A-Za-z0-9]/g, 'x')
    .replace(/[^\x20-\x7e]/g, '.');
