import { UsageError } from './exit.ts';
import type { Io } from './io.ts';

export type Json = Record<string, unknown>;

/**
 * The input of a job: JSON, or `@file`, or `-` for stdin, and over it each `a.b=value`, and over that each secret, which stands in
 * a file or a variable: `a.b=@file`, `a.b=env:NAME`.
 * @throws UsageError
 */
export async function inputOf(
  io: Pick<Io, 'readFile' | 'readStdin' | 'env'>,
  given: string | undefined,
  sets: readonly string[],
  secrets: readonly string[] = [],
): Promise<Json> {
  const input = given === undefined ? {} : parsedInput(await textOf(io, given), given);
  for (const set of sets) put(input, set);
  for (const secret of secrets) {
    const { path, text } = await secretOf(io, secret);
    putAt(input, path, text, '--secret');
  }
  return input;
}

async function textOf(io: Pick<Io, 'readFile' | 'readStdin'>, given: string): Promise<string> {
  if (given === '-') return io.readStdin();
  if (!given.startsWith('@')) return given;
  try {
    return await io.readFile(given.slice(1));
  } catch (error) {
    throw new UsageError(
      `${given.slice(1)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
    );
  }
}

function parsedInput(text: string, given: string): Json {
  let value: unknown;
  try {
    // A file may begin with a mark of its byte order.
    value = JSON.parse(text.replace(/^\ufeff/, ''), finite);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const hint = given === text ? 'A file is --input @FILE, standard input is --input -.' : null;
    throw new UsageError(`--input is no JSON: ${wordsOf(error as Error)}.`, hint);
  }
  if (isObject(value)) return value;
  throw new UsageError('--input must be a JSON object.');
}

/** Not quoted in a complaint: somebody may have given the secret itself. */
const SECRET_USE = '--secret takes NAME=@FILE or NAME=env:VARIABLE: what stands in a command is seen by others.';

/** Always text. A file may end with a line break, as editors make it. */
async function secretOf(
  io: Pick<Io, 'readFile' | 'readStdin' | 'env'>,
  secret: string,
): Promise<{ path: string; text: string }> {
  const [, path = '', kind = '', name = ''] = /^([^=]+)=(@|env:)(.+)$/s.exec(secret) ?? [];
  if (!isPlace(path)) throw new UsageError(SECRET_USE);
  if (kind === '@') return { path, text: (await textOf(io, `@${name}`)).replace(/\r?\n$/, '') };
  const text = io.env[name];
  if (text === undefined || text === '') throw new UsageError(`--secret ${path}: the variable ${name} is not set.`);
  return { path, text };
}

/** `a.b=1`: JSON where it is JSON, else text. A number as a step leads into a list. */
function put(input: Json, set: string): void {
  const [, path = '', text = ''] = /^([^=]+)=(.*)$/s.exec(set) ?? [];
  if (!isPlace(path)) throw new UsageError(`--set takes NAME=VALUE, or NAME.NAME=VALUE; not "${set}".`);
  putAt(input, path, valueOf(text), '--set');
}

/** Whether `a.b` leads somewhere. */
export const isPlace = (path: string): boolean => path.split('.').every((step) => step !== '' && step !== '__proto__');

/** @param option what named the place, for whoever named it wrong. @throws UsageError */
export function putAt(input: Json, path: string, value: unknown, option: string): void {
  const steps = path.split('.');
  let at: Json | unknown[] = input;
  for (const [i, step] of steps.entries()) {
    if (Array.isArray(at) && !/^\d{1,6}$/.test(step))
      throw new UsageError(`${option} ${path}: "${step}" is no place in a list.`);
    const here = at as Json;
    if (i === steps.length - 1) {
      here[step] = value;
      return;
    }
    const next = Object.hasOwn(here, step) ? here[step] : (here[step] = {});
    if (!isObject(next) && !Array.isArray(next)) throw new UsageError(`${option} ${path}: "${step}" is not an object.`);
    at = next;
  }
}

/** JSON where it is JSON, else text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text, finite);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return text;
  }
}

/** Without what is quoted of the input, which may be a secret. */
const wordsOf = ({ message }: Error): string => message.replace(/, (\.\.\.)?"[^]*$/, '');
/** What JSON cannot say would arrive as null. */
function finite(name: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new UsageError(`${name === '' ? 'A number' : `The number "${name}"`} of the input is too large.`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
