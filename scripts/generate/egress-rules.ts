import { mayCallPort, REFUSED_V4 } from '../../domain/address.policy.ts';

const LAST_PORT = 65_535;

/** Where no webhook may be sent: the ranges of the code's own guard, each with its reason, for the firewall behind it. */
export const privateRanges = (): object => Object.fromEntries(REFUSED_V4);

/** The ports that the code's own guard lets webhooks go to, as a firewall writes them: `443`, `1434-2048`. */
export function webhookPorts(): readonly string[] {
  const ranges: string[] = [];
  for (let first = 1; first <= LAST_PORT; first += 1) {
    if (!mayCallPort(first)) continue;
    let last = first;
    while (last < LAST_PORT && mayCallPort(last + 1)) last += 1;
    ranges.push(first === last ? `${first}` : `${first}-${last}`);
    first = last;
  }
  return ranges;
}
