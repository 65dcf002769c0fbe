import { pointerTo } from './json-pointer.ts';

type Schema = Readonly<Record<string, unknown>>;

/** A value of an input that stands for a file: its place, what its schema says of the type, and the value. */
export interface FileField {
  /** RFC 6901. */
  readonly pointer: string;
  readonly wanted: string;
  readonly value: string;
}

const schemaOr = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

/**
 * A copy of an input in which each text whose schema has `contentMediaType` (anywhere below `properties` and `items`, and nowhere
 * else) is what `replace` makes of it.
 */
export function withFiles(schema: unknown, input: unknown, replace: (field: FileField) => unknown): unknown {
  const walk = (at: Schema, value: unknown, pointer: string): unknown => {
    const wanted = at['contentMediaType'];
    if (typeof value === 'string' && typeof wanted === 'string') return replace({ pointer, wanted, value });
    if (Array.isArray(value)) {
      const items = schemaOr(at['items']);
      return value.map((item: unknown, index) => walk(items, item, pointerTo(pointer, index)));
    }
    if (typeof value !== 'object' || value === null) return value;
    const properties = schemaOr(at['properties']);
    const entries = Object.entries(value).map(([key, item]: [string, unknown]): [string, unknown] => {
      const below = Object.hasOwn(properties, key) ? schemaOr(properties[key]) : {};
      return [key, walk(below, item, pointerTo(pointer, key))];
    });
    return Object.fromEntries(entries);
  };
  return walk(schemaOr(schema), input, '');
}

/** Every value of an input that stands for a file, in the input's own order. */
export function fileFieldsIn(schema: unknown, input: unknown): FileField[] {
  const fields: FileField[] = [];
  withFiles(schema, input, (field) => void fields.push(field));
  return fields;
}
