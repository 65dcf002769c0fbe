import { describe, expect, test } from '@jest/globals';
import { isSameCall, lostTryAtMs, nextTry, retryAfterMs } from '../../domain/delivery.policy.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { DAY, HOUR, MINUTE, NEVER_MS, SECOND } from '../../domain/time.ts';

const T = Date.UTC(2026, 10, 21);
const scheduleMs = DEFAULT_SETTINGS.deliveryScheduleMs;
const base = { tries: 1, status: 500, retryAfterMs: null, scheduleMs, nowMs: T, jitter: 0 };

describe('the delivery schedule', () => {
  test.each([
    [1, 5 * SECOND],
    [2, 5 * MINUTE],
    [3, 30 * MINUTE],
    [4, 2 * HOUR],
    [5, 5 * HOUR],
    [6, 10 * HOUR],
    [7, 14 * HOUR],
    [8, 20 * HOUR],
    [9, DAY],
  ])('after %i failed tries waits %i ms, and with jitter at most a tenth more', (tries, delayMs) => {
    expect(nextTry({ ...base, tries })).toEqual({ state: 'pending', nextAtMs: T + delayMs });
    const latest = nextTry({ ...base, tries, jitter: 0.999_999 }).nextAtMs - T;
    expect(latest).toBeGreaterThan(delayMs);
    expect(latest).toBeLessThanOrEqual(delayMs * 1.1);
  });

  test('is used up after ten tries', () => {
    expect(nextTry({ ...base, tries: 10 })).toEqual({ state: 'exhausted', nextAtMs: NEVER_MS });
  });

  test.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [410, 'disabled'],
    [101, 'pending'],
    [302, 'pending'],
    [400, 'pending'],
    [404, 'pending'],
    [503, 'pending'],
    [null, 'pending'],
  ] as const)('makes of status %s: %s', (status, state) => {
    expect(nextTry({ ...base, status }).state).toBe(state);
  });

  test.each([
    ['sooner than the schedule', 429, MINUTE, 5 * MINUTE],
    ['a little later', 429, 7 * MINUTE, 7 * MINUTE],
    ['a little later, with 503', 503, 7 * MINUTE, 7 * MINUTE],
    ['beyond all bounds', 429, 99 * HOUR, 10 * MINUTE],
    ['with a status that has no say', 500, 7 * MINUTE, 5 * MINUTE],
  ])('heeds Retry-After within bounds: %s', (_, status, asked, waitedMs) => {
    expect(nextTry({ ...base, tries: 2, status, retryAfterMs: asked }).nextAtMs - T).toBe(waitedMs);
  });

  test('takes a claimed try for lost only when it can no longer be under way', () => {
    const view = { scheduleMs, nowMs: T, jitter: 0, timeoutMs: 15 * SECOND };
    expect(lostTryAtMs({ ...view, tries: 1 }) - T).toBe(30 * SECOND);
    expect(lostTryAtMs({ ...view, tries: 3 }) - T).toBe(30 * MINUTE);
    expect(lostTryAtMs({ ...view, tries: 10 }) - T).toBe(30 * SECOND);
  });

  test('makes only the second try in the same call, and only if it is soon', () => {
    expect(isSameCall(1, 5_000, 10_000)).toBe(true);
    expect(isSameCall(1, 10_001, 10_000)).toBe(false);
    expect(isSameCall(2, 5_000, 10_000)).toBe(false);
  });

  test.each([
    [undefined, null],
    ['120', 120_000],
    ['1.5', 1_500],
    ['-1', null],
    ['soon', null],
    [new Date(T + 90_000).toUTCString(), 90_000],
    [new Date(T - 90_000).toUTCString(), 0],
  ])('reads Retry-After: %s', (value, ms) => {
    expect(retryAfterMs(value, T)).toBe(ms);
  });
});
