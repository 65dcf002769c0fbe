import { createScanner } from 'jsonc-parser';
import { RequestError } from '../../domain/errors.ts';
import { pointerTo } from '../../domain/json-pointer.ts';

/** Firestore stops at 20 levels, and the job's own fields are some of them. */
export const MAX_DEPTH = 16;
/** Objects, arrays and leaves together. */
export const MAX_NODES = 10_000;

/** The token kinds of jsonc-parser's `SyntaxKind`, whose declaration as an ambient const enum forbids its use here. */
const TOKEN = {
  openBrace: 1,
  closeBrace: 2,
  openBracket: 3,
  closeBracket: 4,
  comma: 5,
  colon: 6,
  string: 10,
  number: 11,
  eof: 17,
} as const;

/** An object or array whose end has not been read yet. `keys` is null for an array. */
interface Level {
  readonly keys: Set<string> | null;
  /** The key or index of the value that is being read. */
  step: string | number;
  isKeyNext: boolean;
}

/**
 * JSON of a stranger: UTF-8 without a byte order mark, no key twice, no key that could reach a prototype, at most MAX_DEPTH
 * levels and MAX_NODES values, and no number or string that would be changed by reading it.
 * The depth is known before anything walks the value, so no walker can run out of stack.
 * @throws RequestError invalid_json, its `errors` naming the place by JSON pointer
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  // First, since it stops at the first value too many, where JSON.parse would have made all of them.
  checkTokens(withoutPadding(text));
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw refusal('', text === '' ? 'the body is empty' : unquoted((error as Error).message));
  }
}

/** Node repeats what stands around the fault, which may be anybody's secret: what is said here may be kept. */
const unquoted = (message: string): string =>
  message.replace(/^(.*?)(, )?(\.\.\.)?"[^]*" is not valid JSON$/, (_, said: string) => said || 'it is not valid JSON');

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refusal('', 'the body is not UTF-8');
  }
  if (text.startsWith('\uFEFF')) throw refusal('', 'the body begins with a byte order mark');
  return text;
}

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);

/** Leaves one of each run of spaces outside of strings: the scanner goes over them many times slower than over what they stand between. */
function withoutPadding(text: string): string {
  const kept: string[] = [];
  let from = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (isSpace(code)) {
      let end = at + 1;
      while (isSpace(text.charCodeAt(end))) end += 1;
      if (end - at > 1) {
        kept.push(text.slice(from, at + 1));
        from = end;
      }
      at = end - 1;
    }
  }
  return from === 0 ? text : kept.join('') + text.slice(from);
}

/**
 * Reads JSON token by token, so that what JSON.parse would merge or round is seen as it was written. What is no JSON is JSON.parse's
 * to tell: its tokens may be in any order here.
 */
function checkTokens(text: string): void {
  const scanner = createScanner(text, true);
  const open: Level[] = [];
  let nodes = 0;
  const here = (): string => open.reduce((pointer, level) => pointerTo(pointer, level.step), '');

  for (let token = scanner.scan() as number; token !== TOKEN.eof; token = scanner.scan() as number) {
    const level = open.at(-1);
    switch (token) {
      case TOKEN.closeBrace:
      case TOKEN.closeBracket:
        open.pop();
        continue;
      case TOKEN.colon:
        continue;
      case TOKEN.comma:
        if (typeof level?.step === 'number') level.step += 1;
        else if (level !== undefined) level.isKeyNext = true;
        continue;
      default:
    }
    if (level?.isKeyNext === true) {
      takeKey(open, level, scanner.getTokenValue(), here);
      continue;
    }
    nodes += 1;
    if (nodes > MAX_NODES) throw refusal(here(), `the body has more than ${MAX_NODES} values`);
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) {
      if (open.length >= MAX_DEPTH) throw refusal(here(), `the body is nested deeper than ${MAX_DEPTH} levels`);
      const isObject = token === TOKEN.openBrace;
      open.push({ keys: isObject ? new Set() : null, step: isObject ? '' : 0, isKeyNext: isObject });
    } else if (token === TOKEN.number) {
      checkNumber(scanner.getTokenValue(), here);
    } else if (token === TOKEN.string) {
      checkString(scanner.getTokenValue(), here);
    }
  }
}

function takeKey(open: readonly Level[], level: Level, key: string, here: () => string): void {
  const owner = open.at(-2)?.step;
  level.step = key;
  level.isKeyNext = false;
  checkString(key, here);
  if (level.keys?.has(key) === true) throw refusal(here(), 'this key stands twice in its object');
  if (key === '__proto__' || (key === 'prototype' && owner === 'constructor')) {
    throw refusal(here(), 'this key is not allowed');
  }
  level.keys?.add(key);
}

function checkNumber(written: string, here: () => string): void {
  const value = Number(written);
  const isLost = value === 0 && /[1-9]/.test(written.split(/[eE]/)[0] ?? '');
  // With an exponent, a large integer is meant as a magnitude, not as every one of its digits.
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value) && !/[eE]/.test(written);
  if (!Number.isFinite(value) || isLost || isRounded) {
    throw refusal(here(), 'this number cannot be kept exactly; send it as a string');
  }
}

function checkString(value: string, here: () => string): void {
  if (!value.isWellFormed()) throw refusal(here(), 'this string has half of a surrogate pair');
}

function refusal(field: string, message: string): RequestError {
  return new RequestError('invalid_json', field === '' ? `${capital(message)}.` : `${field}: ${message}.`, [
    { field, message },
  ]);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
