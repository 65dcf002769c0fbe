import type { SweepDeps } from './deps.ts';
import { httpHandler } from './http/answer.ts';
import type { ServedFunction } from './served-function.ts';
import { dutiesOf, type Duty } from './sweep/duties.ts';
import { writeGauges } from './sweep/gauges.ts';

/** Ids in one call, so that the function called is done within its time. */
const CALL = 50;

/**
 * `functions/sweep`, called by the scheduler each minute. `?stale=0` takes nothing for being on its way: right after a start
 * nothing is.
 */
export function sweep(deps: SweepDeps): ServedFunction {
  const handler = httpHandler(deps.log, async (request) => {
    const all = new URLSearchParams(request.url?.split('?')[1] ?? '').get('stale') === '0';
    await sweepOnce(deps, all ? 0 : deps.settings.staleMs);
    return { status: 204 };
  });
  return { kind: 'http', handler };
}

/** Thrown where some of a sweep's steps failed, each of which is logged; the next sweep makes them again. */
export class SweepIncompleteError extends Error {
  override readonly name = 'SweepIncompleteError';
  constructor(failures: number) {
    super(`${failures} of the steps of a sweep failed; the next sweep makes them again`);
  }
}

/**
 * Finds what is due, hands the ids to the function whose work it is, writes the gauges, and has dispatch write down how it
 * went. It decides nothing, and the function reads everything again, so that running it twice at once does no harm. With every
 * event lost, this alone gets every job finished and settled. Each of its duties is on its own, and its time is bounded: a
 * platform that does not answer, or receivers that do not, must keep neither the other duties nor the next sweep.
 * @param staleMs as for `dutiesOf`
 * @throws SweepIncompleteError at the end, if anything failed: everything else has been done
 */
export async function sweepOnce(deps: SweepDeps, staleMs: number): Promise<void> {
  const startedAtMs = deps.clock.nowMs();
  const endsAtMs = startedAtMs + deps.settings.sweepEveryMs;
  let failures = 0;
  await Promise.all([...dutiesOf(deps, staleMs).map(handOn), attempt('gauges', () => writeGauges(deps))]);
  // Its own right is to read (docs/adr/20261126-health.md).
  await attempt('its record', () =>
    deps.calls.due('dispatch', { slots: [], jobs: [], queues: [], swept: { startedAtMs, failures } }),
  );
  if (failures > 0) throw new SweepIncompleteError(failures);

  async function handOn({ what, find, call }: Duty): Promise<void> {
    const ids: string[] = [];
    await attempt(what, async () => void ids.push(...(await find())));
    for (let from = 0; from < ids.length && deps.clock.nowMs() < endsAtMs; from += CALL) {
      await attempt(what, () => call(ids.slice(from, from + CALL)));
    }
  }

  async function attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      failures += 1;
      deps.log.error('sweep: a step failed', { what, error: String(error) });
    }
  }
}
