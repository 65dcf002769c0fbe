import { pointerTo } from '../../domain/json-pointer.ts';
import { schemaPlaces } from './schema-places.ts';

/**
 * The places of an input schema that ask for a file (`contentMediaType`) where the worker looks for none: it follows
 * `properties` and `items` only, since elsewhere the schema alone does not say which value is the file.
 * @param at the JSON pointer of `schema`; those returned go on from it
 * @returns the JSON pointer of each such `contentMediaType`
 */
export const unreachedFiles = (schema: unknown, at: string): string[] =>
  schemaPlaces(schema, at)
    .filter(({ schema: { contentMediaType }, way }) => way === 'unknown' && typeof contentMediaType === 'string')
    .map((place) => pointerTo(place.at, 'contentMediaType'));
