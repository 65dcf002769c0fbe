import { VERBATIM, type CollectionName } from '../../domain/collections.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Marks a document with the commit that wrote it last: how a commit whose answer is lost, or that was sent twice, knows its own. */
export const COMMIT_MARK = '$commit';

/** The only key of a map that stands for a value which Firestore cannot hold as it is. */
const AS_TEXT = '$json';

/** A document has 20 levels, its own fields being the first. */
const MAX_LEVELS = 18;

const isVerbatim = (collection: CollectionName, field: string): boolean =>
  VERBATIM[collection]?.includes(field) === true;

/**
 * Top-level fields as Firestore takes them, all of them copies. What it would change or refuse becomes JSON text in a map
 * of one key, and the fields that are a stranger's JSON are text always, so that readers need no case distinction there.
 */
export function encodeFields(collection: CollectionName, fields: object): Record<string, unknown> {
  const entries = Object.entries(fields).map(([field, value]: [string, unknown]) => {
    if (isVerbatim(collection, field)) return [field, JSON.stringify(value)];
    return [field, isNative(value, 1) ? copyOf(value) : { [AS_TEXT]: JSON.stringify(value) }];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** The inverse of `encodeFields`, without the commit's mark. */
export function decodeFields(collection: CollectionName, stored: Fields): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(stored)) {
    if (field === COMMIT_MARK) continue;
    const text = isVerbatim(collection, field) ? value : textOf(value);
    fields[field] = typeof text === 'string' ? JSON.parse(text) : value;
  }
  return fields;
}

function textOf(value: unknown): unknown {
  return isMap(value) && Object.keys(value).length === 1 ? value[AS_TEXT] : undefined;
}

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

function isNative(value: unknown, level: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (level >= MAX_LEVELS) return false;
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && isNative(item, level + 1));
  if (AS_TEXT in value) return false;
  return Object.entries(value).every(([key, item]) => isNativeKey(key) && isNative(item, level + 1));
}

const isNativeKey = (key: string): boolean => key !== '' && key.isWellFormed() && !/^__.*__$/s.test(key);

/** The client refuses objects of any other prototype. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]));
}
