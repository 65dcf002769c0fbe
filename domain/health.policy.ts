import type { HealthCheck, HealthStatus, SweepRecord, SweepStatus } from './contract/health.ts';

/** So many sweeps in a row that did not come to their end are no accident. */
const SWEEPS_MISSED = 3;

/**
 * How the sweeps get on, by the record of the last one.
 * @param ageMs since that record was written; by the store's own time, as everything that is judged by age
 */
export function sweepStatus(record: SweepRecord | null, ageMs: number, everyMs: number): SweepStatus {
  if (record === null) return 'never';
  if (ageMs > SWEEPS_MISSED * everyMs) return 'late';
  return record.failures > 0 ? 'incomplete' : 'ok';
}

/**
 * What all of it comes to. Only without the store can nothing be answered: a nudge that is lost is made up for by sweep, a file
 * or a secret is needed by some requests alone.
 */
export function healthStatus(checks: readonly HealthCheck[], sweep: SweepStatus): HealthStatus {
  const isDown = ({ status }: HealthCheck): boolean => status === 'down';
  if (checks.some((check) => check.name === 'store' && isDown(check))) return 'down';
  return sweep !== 'ok' || checks.some(isDown) ? 'degraded' : 'ok';
}
