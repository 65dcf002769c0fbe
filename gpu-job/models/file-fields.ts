import { pointerTo } from '../../domain/json-pointer.ts';

/** Keywords whose members are schemas under names of their own. */
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);
/** Keywords that hold data: what looks like a schema there is none. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);

/**
 * The places of an input schema that ask for a file (`contentMediaType`) where the worker looks for none: it follows
 * `properties` and `items` only, since elsewhere the schema alone does not say which value is the file.
 * @param at the JSON pointer of `schema`; those returned go on from it
 * @returns the JSON pointer of each such `contentMediaType`
 */
export function unreachedFiles(schema: unknown, at: string, reached = true): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((one, i) => unreachedFiles(one, pointerTo(at, i), false));
  return Object.entries(schema).flatMap(([keyword, value]: [string, unknown]) => {
    const here = pointerTo(at, keyword);
    if (keyword === 'contentMediaType') return reached || typeof value !== 'string' ? [] : [here];
    if (DATA.has(keyword)) return [];
    if (keyword === 'items') return unreachedFiles(value, here, reached);
    if (!NAMED.has(keyword) || typeof value !== 'object' || value === null) return unreachedFiles(value, here, false);
    const follows = reached && keyword === 'properties';
    return Object.entries(value).flatMap(([name, below]: [string, unknown]) =>
      unreachedFiles(below, pointerTo(here, name), follows),
    );
  });
}
