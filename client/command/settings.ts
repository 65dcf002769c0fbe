import { createClient, type SlipwayClient } from '../client.ts';
import { UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { notices } from './notices.ts';

const USUAL_URL = 'http://127.0.0.1:8080';

/** @throws UsageError */
export function urlOf({ env }: Pick<Io, 'env'>): string {
  const url = env['SLIPWAY_URL'] ?? USUAL_URL;
  if (url === '') throw new UsageError('SLIPWAY_URL is set, but empty.', `Without it, it is ${USUAL_URL}.`);
  return url;
}

/** A client by the environment. @throws UsageError naming the variable at fault */
export function clientOf(io: Io): SlipwayClient {
  const key = io.env['SLIPWAY_API_KEY'] ?? '';
  if (key === '') {
    throw new UsageError('SLIPWAY_API_KEY is not set.', 'npm start prints a key: export SLIPWAY_API_KEY=slw_...');
  }
  try {
    const { fetch, clock, random } = io;
    return createClient({ url: urlOf(io), key, fetch, clock, random, onRetry: notices(io) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${error.message.replace(/^url/, 'SLIPWAY_URL').replace(/^key/, 'SLIPWAY_API_KEY')}.`);
  }
}

/** A whole number that an option gives. @throws UsageError */
export function numberOf(option: string, text: string, least: number, most: number, orElse = ''): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${option} must be a whole number from ${least} to ${most}${orElse}, not "${text}".`);
}
