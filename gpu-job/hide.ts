import type { ClaimedJob } from '../domain/contract/door.ts';
import { valueAt } from '../domain/json-pointer.ts';
import { JobFault } from './job-fault.ts';

/** What stands in a text where a secret stood. */
const HIDDEN = '[secret]';
/** A shorter value is not looked for: half of what a program says would be hidden with it. */
export const SHORTEST_SECRET = 6;

/** A text without the secrets of a job. */
export type Hide = (text: string) => string;

export const hideNothing: Hide = (text) => text;

/**
 * Hides a job's secrets in whatever is said of it, as they are, as JSON writes them and as an address does; of one with several
 * lines each line, since a log has them one by one.
 */
export function hiderOf({ input, secretInputs = [] }: Pick<ClaimedJob, 'input' | 'secretInputs'>): Hide {
  const values = secretInputs.map((place) => valueAt(input, place)).filter((value) => typeof value === 'string');
  const forms = new Set(values.flatMap((value) => [value, ...value.split(/[\r\n]+/)]).flatMap(formsOf));
  // The longest first: one that holds another must not be left in pieces.
  const sought = [...forms].filter(({ length }) => length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  if (sought.length === 0) return hideNothing;
  const pattern = new RegExp(sought.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, HIDDEN);
}

const formsOf = (value: string): string[] => {
  const text = value.trim();
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)];
};

/** @throws JobFault invalid_input where a secret has not come with its job */
export function checkSecrets({ input, secretInputs = [] }: Pick<ClaimedJob, 'input' | 'secretInputs'>): void {
  const gone = secretInputs.find((place) => typeof valueAt(input, place) !== 'string');
  if (gone === undefined) return;
  throw new JobFault('invalid_input', `input${gone} is secret and kept no longer: submit the job anew, with it.`);
}

/** The same of every text in a JSON value, names of fields included. Recurses: only for one whose depth is known. */
export function hideIn(value: unknown, hide: Hide): unknown {
  if (hide === hideNothing) return value;
  if (typeof value === 'string') return hide(value);
  if (Array.isArray(value)) return value.map((item) => hideIn(item, hide));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [hide(key), hideIn(item, hide)]),
  );
}
