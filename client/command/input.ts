import { UsageError } from './exit.ts';
import type { Io } from './io.ts';

export type Json = Record<string, unknown>;

/**
 * The input of a job: JSON, or `@file`, or `-` for stdin, and over it each `a.b=value`.
 * @throws UsageError
 */
export async function inputOf(
  io: Pick<Io, 'readFile' | 'readStdin'>,
  given: string | undefined,
  sets: readonly string[],
): Promise<Json> {
  const input = given === undefined ? {} : parsedInput(await textOf(io, given), given);
  for (const set of sets) put(input, set);
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
    throw new UsageError(`--input is no JSON: ${(error as Error).message}.`, hint);
  }
  if (isObject(value)) return value;
  throw new UsageError('--input must be a JSON object.');
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

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text, finite);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return text;
  }
}

/** What JSON cannot say would arrive as null. */
function finite(name: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new UsageError(`${name === '' ? 'A number' : `The number "${name}"`} of the input is too large.`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
