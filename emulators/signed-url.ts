import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Account } from './account.ts';

/** What stands against a signed request: the status and code with which Cloud Storage says it. */
export interface SignatureFault {
  readonly status: number;
  readonly code: string;
}

const ALGORITHM = 'GOOG4-RSA-SHA256';

/**
 * Checks a V4 signed URL as Cloud Storage does: the canonical request is made anew from what has come, so that another method,
 * path, parameter or signed header than was signed fails ("V4 signing process with your own program", Cloud Storage).
 * @param accounts those that may sign
 * @returns null where nothing is wrong
 */
export function signatureFault(
  request: IncomingMessage,
  accounts: readonly Account[],
  nowMs: number,
): SignatureFault | null {
  const [path = '', search = ''] = (request.url ?? '').split('?');
  const parameters = [...new URLSearchParams(search)];
  const value = (name: string): string => parameters.find(([key]) => key === name)?.[1] ?? '';
  const [date, signed] = [value('X-Goog-Date'), value('X-Goog-SignedHeaders').split(';')];
  if (value('X-Goog-Algorithm') !== ALGORITHM) return { status: 403, code: 'AccessDenied' };
  const [email, ...scope] = value('X-Goog-Credential').split('/');
  const account = accounts.find((one) => one.email === email);
  if (account === undefined || date === '') return { status: 403, code: 'AccessDenied' };
  if (nowMs > startOf(date) + Number(value('X-Goog-Expires')) * 1_000) return { status: 400, code: 'ExpiredToken' };
  const missing = signed.filter((name) => request.headers[name] === undefined);
  if (missing.length > 0) return { status: 400, code: 'MalformedSecurityHeader' };

  const canonical = [
    request.method,
    path,
    canonicalQuery(parameters.filter(([key]) => key !== 'X-Goog-Signature')),
    ...signed.map((name) => `${name}:${signedValue(name, request)}`),
    '',
    signed.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const text = [ALGORITHM, date, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n');
  const isGood = account.verify(Buffer.from(text), Buffer.from(value('X-Goog-Signature'), 'hex'));
  return isGood ? null : { status: 403, code: 'SignatureDoesNotMatch' };
}

/** The client signs its host without a port, which Cloud Storage itself has none of. */
function signedValue(name: string, { headers }: IncomingMessage): string {
  const value = String(headers[name]).trim();
  return name === 'host' ? value.replace(/:\d+$/, '') : value;
}

/** `20261126T010203Z` */
const startOf = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

function canonicalQuery(parameters: readonly (readonly [string, string])[]): string {
  return parameters
    .map(([key, value]) => `${escaped(key)}=${escaped(value)}`)
    .sort()
    .join('&');
}

/** RFC 3986, as the canonical request has it. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
