import { pointerTo } from '../../domain/json-pointer.ts';
import { schemaPlaces } from './schema-places.ts';

/** What is wrong with one `writeOnly`, by its JSON pointer. */
export interface SecretFault {
  readonly field: string;
  readonly message: string;
}

/**
 * The places of an input schema that mark a secret (`writeOnly: true`) which could not be kept apart from the job: what is no
 * text (a file is none), and what is not come to by names of fields alone, since nothing else says for certain which value it is.
 * @param at the JSON pointer of `schema`; those returned go on from it
 */
export const misplacedSecrets = (schema: unknown, at: string): SecretFault[] =>
  schemaPlaces(schema, at).flatMap((place): SecretFault[] => {
    const { writeOnly, type, contentMediaType } = place.schema;
    if (writeOnly !== true) return [];
    const field = pointerTo(place.at, 'writeOnly');
    if (place.way !== 'fields') {
      return [{ field, message: 'is not under "properties" alone, so its value would not be kept secret: move it' }];
    }
    if (type === 'string' && contentMediaType === undefined) return [];
    const message = 'is kept secret for text only: its place must have "type: string", and be no file';
    return [{ field, message }];
  });
