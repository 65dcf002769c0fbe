import type { Attempt, Cost } from './contract/job.ts';
import { priceOf } from './hardware.ts';
import { ERROR_TABLE } from './retry.policy.ts';
import { SECOND } from './time.ts';

/**
 * What a job's attempts would have cost on this hardware: the boot of each worker that was started for it, its own run time,
 * and the idling of the worker right before it. Attempts whose error is not billed cost nothing. A worker's minimum charge
 * is not shared out here: it belongs to the worker, not to any one job.
 * @returns null where the price of the hardware is not known
 */
export function costOf(attempts: readonly Attempt[], hardware: string): Cost | null {
  const price = priceOf(hardware);
  if (price === null) return null;
  let bootMs = 0;
  let computeMs = 0;
  let idleMs = 0;
  for (const attempt of attempts) {
    const billed = attempt.outcome !== 'lost' && (attempt.error === null || ERROR_TABLE[attempt.error.kind].billed);
    if (!billed || attempt.endedAtMs === null) continue;
    bootMs += attempt.bootMs ?? 0;
    computeMs += attempt.endedAtMs - attempt.startedAtMs;
    idleMs += attempt.idleMs;
  }
  const usd = (ms: number): number => (ms / SECOND) * price.usdPerSecond;
  return {
    hardware,
    bootUsd: usd(bootMs),
    computeUsd: usd(computeMs),
    idleUsd: usd(idleMs),
    totalUsd: usd(bootMs + computeMs + idleMs),
    priceDate: price.date,
    verified: price.verified,
  };
}
