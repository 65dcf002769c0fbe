import { PoisonEventError } from '../domain/errors.ts';
import type { PushEnvelope } from './events.ts';

/** The JSON object in a body or in the data of an event. @throws PoisonEventError if it is none */
export function decodeObject(body: unknown): Record<string, unknown> {
  if (!(body instanceof Uint8Array)) throw new PoisonEventError('there is no body');
  return objectOf(Buffer.from(body).toString('utf8'), 'the body');
}

/**
 * The message in a push body, or in the data of a `messagePublished` event.
 * @throws PoisonEventError if it is no envelope around a JSON object
 */
export function decodeMessage(body: unknown): Record<string, unknown> {
  return objectOf(decodeEnvelope(body).data.toString('utf8'), 'message.data');
}

/**
 * What somebody else's program has published: its bytes, and its attributes.
 * @throws PoisonEventError if the body is no envelope around a message
 */
export function decodeEnvelope(body: unknown): {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, unknown>>;
} {
  const { message } = decodeObject(body) as Partial<PushEnvelope>;
  const data: unknown = message?.data;
  if (typeof data !== 'string') throw new PoisonEventError('there is no message.data');
  if (!isBase64(data)) throw new PoisonEventError('message.data is not base64');
  return { data: Buffer.from(data, 'base64'), attributes: { ...message?.attributes } };
}

/** What Pub/Sub calls the message in a push body, the same at each try; null where it is no envelope of one. */
export function messageIdIn(body: unknown): string | null {
  try {
    const { message } = decodeObject(body) as Partial<PushEnvelope>;
    return typeof message?.messageId === 'string' ? message.messageId : null;
  } catch {
    return null;
  }
}

/**
 * The lists of ids in sweep's call, by their names; one that is not there, as in the call of a sweep of an older build, is empty.
 * @throws PoisonEventError if one of them is no list of texts, or none is there
 */
export function decodeIds<K extends string>(body: unknown, names: readonly K[]): Record<K, readonly string[]> {
  const object = decodeObject(body);
  const isNone = names.every((name) => object[name] === undefined);
  const lists = names.map((name): [string, readonly string[]] => {
    const ids = object[name] === undefined && !isNone ? [] : object[name];
    if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) {
      throw new PoisonEventError(`${name} is no list of ids`);
    }
    return [name, ids];
  });
  return Object.fromEntries(lists) as Record<K, readonly string[]>;
}

/** Node's own decoder skips whatever is no base64. */
export const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;

function objectOf(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PoisonEventError(`${what} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PoisonEventError(`${what} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

/** The job and version of `jobs/{jobId}/events/{seq}`. @throws PoisonEventError */
export function parseEventPath(path: unknown): { jobId: string; seq: number } {
  const match = typeof path === 'string' ? /^jobs\/([a-z0-9]+)\/events\/(\d+)$/.exec(path) : null;
  if (match?.[1] === undefined || match[2] === undefined) throw new PoisonEventError('not the path of a job event');
  return { jobId: match[1], seq: Number(match[2]) };
}

/** What is kept no longer: `jobs/{id}` or `rejections/{id}`. @throws PoisonEventError */
export function parsePurgePath(path: string): { collection: 'jobs' | 'files' | 'rejections'; id: string } {
  const [, collection, id] = /^(jobs|files|rejections)\/([a-z0-9]+)$/.exec(path) ?? [];
  if (id === undefined) throw new PoisonEventError('not the path of a job, a file or a rejection');
  return { collection: collection as 'jobs' | 'files' | 'rejections', id };
}
