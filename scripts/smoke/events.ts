import { SECOND } from '../../domain/time.ts';
import { NotYet } from './failure.ts';
import { good, type Good } from './checks.ts';
import type { Inbox } from './inbox.ts';
import type { SmokeClock } from './patience.ts';
import { believed, type Told } from './webhooks.ts';

/** How long after its event a webhook was tried, at the most: the header tells whole seconds. */
const triedWithinMs = ({ eventAtMs, triedAtSeconds }: Told): number => (triedAtSeconds + 1) * SECOND - eventAtMs;

/**
 * How soon after its event the first was tried of those that sweep cannot have carried, since it takes no event before that is
 * `staleMs` old; null where there is none. Both times are of the deployment's clocks.
 */
export function soonestMs(told: readonly Told[], staleMs: number): number | null {
  const soonest = Math.min(...told.map(triedWithinMs));
  return soonest <= staleMs ? soonest : null;
}

/**
 * Whether one event at least was carried by the trigger, as a look to be made until it is. Not all of them need be: the first
 * ones after a rest find no instance of deliver-webhook whose way out is open, nor need those of a new deployment find rights
 * that are known everywhere. So while none was, there is one event more each `staleMs`.
 * @param another makes an event that a webhook is owed
 */
export function carriedByTrigger(
  inbox: Inbox,
  secret: string,
  { staleMs, signal, clock }: { readonly staleMs: number; readonly signal: AbortSignal; readonly clock: SmokeClock },
  another: () => Promise<unknown>,
): () => Promise<Good<true>> {
  let anotherAtMs = -Infinity;
  return async () => {
    const soonest = soonestMs(await believed(await inbox.received(signal), secret), staleMs);
    if (soonest !== null) {
      return good(`come by their trigger: one was told within ${Math.ceil(soonest / SECOND)} s`, true);
    }
    if (clock.nowMs() >= anotherAtMs) {
      await another();
      anotherAtMs = clock.nowMs() + staleMs;
    }
    throw new NotYet(
      `nothing came within ${staleMs / SECOND} s of what it tells of, so it is sweep that carries events. ` +
        'Look at the trigger <prefix>-on-job-event-jobs-events (gcloud eventarc triggers list --location=<of the ' +
        'database>), and at the rights of its account: after a first apply they may take seven minutes.',
    );
  };
}
