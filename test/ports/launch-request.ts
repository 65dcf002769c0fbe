import type { LaunchRequest } from '../../domain/ports.ts';
import { fresh } from './documents.ts';

/** A launch as dispatch asks for it. */
export const aLaunch = (fields: Partial<LaunchRequest> = {}): LaunchRequest => ({
  queue: 'pool@here',
  slot: 'pool@here~0',
  fence: 1,
  ticket: fresh(),
  ...fields,
});
