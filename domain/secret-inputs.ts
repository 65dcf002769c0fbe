import { pointerTo, valueAt, withValueAt } from './json-pointer.ts';

/** What a job shows in the place of a secret. It can be taken for none, since every secret is a string. */
const SECRET_MARK = { $secret: true } as const;

/** Secrets by their places in an input, each a JSON pointer (RFC 6901). */
export type SecretInputs = Readonly<Record<string, string>>;

/** The places of an input that its model's schema marks with `writeOnly`, as far as they lie below `properties` alone: elsewhere a catalogue has none. */
export function secretPlaces(schema: unknown, at = ''): string[] {
  if (!isObject(schema)) return [];
  if (schema['writeOnly'] === true) return [at];
  const { properties } = schema;
  if (!isObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, below]) => secretPlaces(below, pointerTo(at, name)));
}

/** An input without its secrets, and those of them that it had. */
export function takeSecrets(
  input: unknown,
  places: readonly string[],
): { readonly input: unknown; readonly secrets: SecretInputs } {
  const taken = places.flatMap((place): [string, string][] => {
    const value = valueAt(input, place);
    return typeof value === 'string' ? [[place, value]] : [];
  });
  return {
    input: taken.reduce<unknown>((rest, [place]) => withValueAt(rest, place, SECRET_MARK), input),
    secrets: Object.fromEntries(taken),
  };
}

/** The input as it was given. */
export const putSecrets = (input: unknown, secrets: SecretInputs): unknown =>
  Object.entries(secrets).reduce<unknown>((whole, [place, value]) => withValueAt(whole, place, value), input);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
