import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

const UNITS = [
  { unit: DAY, name: 'd', in: Infinity },
  { unit: HOUR, name: 'h', in: DAY },
  { unit: MINUTE, name: 'm', in: HOUR },
  { unit: SECOND, name: 's', in: MINUTE },
] as const;

/** A duration for people, in its two largest units: "4 m 10 s", "2 h", "less than 1 s". */
export function inWords(ms: number): string {
  if (ms < SECOND) return 'less than 1 s';
  const whole = Math.round(ms / SECOND) * SECOND;
  const first = UNITS.findIndex(({ unit }) => whole >= unit);
  return UNITS.slice(first, first + 2)
    .map((row) => ({ n: Math.floor((whole % row.in) / row.unit), name: row.name }))
    .filter(({ n }) => n > 0)
    .map(({ n, name }) => `${n} ${name}`)
    .join(' ');
}
