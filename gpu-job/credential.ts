import { get } from 'node:http';
import type { Clock } from '../domain/ports.ts';
import { MINUTE, SECOND } from '../domain/time.ts';
import { DoorFailure } from './door-errors.ts';

/** What is shown to the door with each call. Throws DoorFailure while there is none to be had. */
export type Credential = () => Promise<string>;

const METADATA_HOST = 'metadata.google.internal';
const ANSWER_MS = 5 * SECOND;
/** A token is renewed this long before it ends: a call may be held open for a minute. */
const EARLY_MS = 5 * MINUTE;

/** The token that the launch told, for as long as the worker lives. */
export const fixedCredential =
  (token: string): Credential =>
  async () =>
    token;

/**
 * An ID token of the account that this worker runs as, good for the door and nothing else, from the metadata server
 * (`GCE_METADATA_HOST`, else Google's name for it). Plain HTTP on purpose: that is how it is spoken to.
 * @param door the door's address, which the token is made for
 */
export function accountCredential(door: string, clock: Clock, host = METADATA_HOST): Credential {
  const query = new URLSearchParams({ audience: door, format: 'full' });
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/identity?${query.toString()}`;
  let held: { readonly token: string; readonly untilMs: number } | null = null;
  let asking: Promise<string> | null = null;
  const ask = async (): Promise<string> => {
    const token = await read(url);
    held = { token, untilMs: expiryOf(token) - EARLY_MS };
    return token;
  };
  return async () => {
    if (held !== null && clock.nowMs() < held.untilMs) return held.token;
    asking ??= ask().finally(() => (asking = null));
    return asking;
  };
}

function read(url: string): Promise<string> {
  const failure = (why: string): DoorFailure => new DoorFailure(`no identity token for the door: ${why}`);
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { 'metadata-flavor': 'Google' }, timeout: ANSWER_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        if (response.statusCode === 200) resolve(text.trim());
        else reject(failure(`the metadata server answered ${response.statusCode ?? 0}`));
      });
      response.once('error', (error) => reject(failure(error.message)));
    });
    request.once('timeout', () => request.destroy(new Error('the metadata server did not answer in time')));
    request.once('error', (error) => reject(failure(error.message)));
  });
}

/** In milliseconds; a token that cannot be read is good for one call. */
function expiryOf(token: string): number {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { exp: number };
    return exp * SECOND;
  } catch {
    return 0;
  }
}
