import { describe, expect, test } from '@jest/globals';
import type { HealthCheck, HealthStatus, SweepStatus } from '../../domain/contract/health.ts';
import { healthStatus, sweepStatus } from '../../domain/health.policy.ts';
import { MINUTE } from '../../domain/time.ts';

describe('the standing of the sweeps', () => {
  test.each<[string, number | null, number, SweepStatus]>([
    ['none yet', null, 0, 'never'],
    ['one that ended well just now', 0, 0, 'ok'],
    ['two missed', 0, 3 * MINUTE, 'ok'],
    ['three missed', 0, 3 * MINUTE + 1, 'late'],
    ['one of which a step failed', 1, MINUTE, 'incomplete'],
    ['three missed after one of which a step failed', 1, 4 * MINUTE, 'late'],
  ])('after %s', (_, failures, ageMs, status) => {
    const record = failures === null ? null : { schema: 1 as const, startedAtMs: 0, failures };
    expect(sweepStatus(record, ageMs, MINUTE)).toBe(status);
  });
});

describe('the health', () => {
  const check = (name: HealthCheck['name'], status: HealthCheck['status']): HealthCheck => ({
    name,
    status,
    latencyMs: null,
  });
  test.each<[string, HealthCheck[], SweepStatus, HealthStatus]>([
    ['with all there', [check('store', 'ok'), check('bus', 'ok')], 'ok', 'ok'],
    ['with a bus that was not used yet', [check('store', 'ok'), check('bus', 'unknown')], 'ok', 'ok'],
    ['without a bus', [check('store', 'ok'), check('bus', 'down')], 'ok', 'degraded'],
    ['without files', [check('store', 'ok'), check('blobs', 'down')], 'ok', 'degraded'],
    ['without a sweep', [check('store', 'ok')], 'late', 'degraded'],
    ['with a sweep that failed in part', [check('store', 'ok')], 'incomplete', 'degraded'],
    ['without a store', [check('store', 'down')], 'unknown', 'down'],
  ])('%s', (_, checks, sweep, status) => {
    expect(healthStatus(checks, sweep)).toBe(status);
  });
});
