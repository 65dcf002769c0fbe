import { pointerTo } from '../../domain/json-pointer.ts';

/** Keywords whose members are schemas under names of their own. */
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);
/** Keywords that hold data: what looks like a schema there is none. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);

/** How a schema is come to: by the names of fields alone, by those and lists, or in a way that does not say which value it is for. */
export type Way = 'fields' | 'lists' | 'unknown';

export interface SchemaPlace {
  /** JSON pointer. */
  readonly at: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly way: Way;
}

/** A schema and all that lie in it, each with the JSON pointer that goes on from `at`. */
export function schemaPlaces(schema: unknown, at: string, way: Way = 'fields'): SchemaPlace[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((one, i) => schemaPlaces(one, pointerTo(at, i), 'unknown'));
  const below = Object.entries(schema).flatMap(([keyword, value]: [string, unknown]) => {
    const here = pointerTo(at, keyword);
    if (DATA.has(keyword)) return [];
    if (keyword === 'items') return schemaPlaces(value, here, way === 'fields' ? 'lists' : way);
    if (!NAMED.has(keyword) || typeof value !== 'object' || value === null) return schemaPlaces(value, here, 'unknown');
    const onward = keyword === 'properties' ? way : 'unknown';
    return Object.entries(value).flatMap(([name, one]: [string, unknown]) =>
      schemaPlaces(one, pointerTo(here, name), onward),
    );
  });
  return [{ at, schema: schema as SchemaPlace['schema'], way }, ...below];
}
