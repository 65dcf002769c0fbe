import { priceOf } from '../../domain/hardware.ts';
import type { Named } from './jobs.ts';
import { wrapped } from './table.ts';

const usd = (value: number): string => `$${value.toFixed(5)}`;

/** What the jobs would have cost on the hardware their models name, by the job resources' own figures. */
export function costLines(jobs: readonly Named[], width: number): string[] {
  const hardwares = [...new Set(jobs.flatMap(({ job }) => (job.cost === null ? [] : [job.cost.hardware])))];
  const uncosted = jobs.filter(({ job }) => job.cost === null).map(({ name }) => name);
  return [
    ...hardwares.flatMap((hardware) => linesFor(hardware, jobs, width)),
    ...(uncosted.length > 0 ? wrapped(`no price is known for ${uncosted.join(', ')}`, width) : []),
  ];
}

function linesFor(hardware: string, jobs: readonly Named[], width: number): string[] {
  const costed = jobs.flatMap(({ job }) => (job.cost?.hardware === hardware ? [{ job, cost: job.cost }] : []));
  const sum = (part: 'bootUsd' | 'computeUsd' | 'idleUsd' | 'totalUsd'): number =>
    costed.reduce((total, { cost }) => total + cost[part], 0);
  const workers = new Set(costed.flatMap(({ job }) => job.attempts.map((attempt) => attempt.worker))).size;
  const row = costed[0]?.cost;
  const price = priceOf(hardware);
  const isVerified = costed.every(({ cost }) => cost.verified);
  const minimum =
    price === null
      ? ''
      : ` Cloud Run bills each worker for at least ${price.minimumSeconds} s: the ${workers === 1 ? '1 worker of these jobs comes' : `${workers} workers of these jobs come`} to ` +
        `${usd(workers * price.minimumSeconds * price.usdPerSecond)} at least.`;
  return [
    `COST  what these ${costed.length} jobs would have cost on Cloud Run (${hardware.toUpperCase()})`,
    `  ${usd(sum('totalUsd'))} = boot ${usd(sum('bootUsd'))} + compute ${usd(sum('computeUsd'))} + idle ${usd(sum('idleUsd'))}`,
    ...wrapped(
      `Prices of ${row?.priceDate ?? '?'}, ${isVerified ? 'read' : 'not verified'} on the vendor's page, ` +
        `for the seconds measured on this machine.${minimum}`,
      width,
    ),
  ];
}
