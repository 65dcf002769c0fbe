import { createClient, type SlipwayClient } from '../client.ts';
import { UsageError } from './exit.ts';
import type { Io } from './io.ts';

const USUAL_URL = 'http://127.0.0.1:8080';

export const urlOf = ({ env }: Pick<Io, 'env'>): string => env['SLIPWAY_URL'] ?? USUAL_URL;

/** A client by the environment. @throws UsageError naming the variable at fault */
export function clientOf(io: Io): SlipwayClient {
  const key = io.env['SLIPWAY_API_KEY'] ?? '';
  if (key === '') {
    throw new UsageError('SLIPWAY_API_KEY is not set.', 'npm start prints a key: export SLIPWAY_API_KEY=slw_...');
  }
  try {
    return createClient({ url: urlOf(io), key, fetch: io.fetch, clock: io.clock, random: io.random });
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
