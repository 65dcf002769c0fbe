import type { HealthCheck, HealthResource } from '../../domain/contract/health.ts';
import { healthStatus, sweepStatus } from '../../domain/health.policy.ts';
import { refs, type Store } from '../../domain/ports.ts';
import { MINUTE, SECOND } from '../../domain/time.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { pepperOf } from '../submit/idempotency.ts';
import { lastPublish } from './last-publish.ts';
import type { OpenCall } from './route.ts';

/** Anyone may ask, as often as they like: an instance looks no more often than this, so that nobody can make it cost money. */
const LOOKED_EVERY_MS = 15 * SECOND;
/** Who asks whether something answers does not wait long for it. */
const PATIENCE_MS = 4 * SECOND;

type Health = Required<Pick<HealthResource, 'status' | 'checks' | 'sweep'>>;

const looks = new WeakMap<Store, { readonly health: Promise<Health>; readonly untilMs: number }>();

/** `GET /v1/health`: without a key whether it works at all, with one of scope `read` what it stands on. 503 where it is down. */
export async function getHealth(deps: ApiDeps, { scopes }: OpenCall): Promise<Answer> {
  const [{ status, checks, sweep }, { version, commit }] = await Promise.all([looked(deps), deps.release.build()]);
  const body: HealthResource = {
    status,
    version,
    ...(scopes.includes('read') ? { commit, checks, sweep } : {}),
  };
  return { status: status === 'down' ? 503 : 200, body };
}

function looked(deps: ApiDeps): Promise<Health> {
  const nowMs = deps.clock.nowMs();
  const known = looks.get(deps.store);
  if (known !== undefined && nowMs < known.untilMs) return known.health;
  const health = look(deps);
  looks.set(deps.store, { health, untilMs: nowMs + LOOKED_EVERY_MS });
  return health;
}

async function look(deps: ApiDeps): Promise<Health> {
  const { store, blobs, secrets, settings } = deps;
  let sweep: Health['sweep'] = { status: 'unknown', lastRunAt: null, ageSeconds: null };
  const checks = await Promise.all([
    check(deps, 'store', async () => {
      const read = await store.get(refs.sweep());
      const ageMs = read === null ? 0 : Math.max(0, read.readAtMs - read.updatedAtMs);
      sweep = {
        status: sweepStatus(read?.data ?? null, ageMs, settings.sweepEveryMs),
        lastRunAt: read === null ? null : new Date(read.updatedAtMs).toISOString(),
        ageSeconds: read === null ? null : ageMs / SECOND,
      };
    }),
    Promise.resolve(busCheck(deps)),
    check(deps, 'blobs', () => blobs.signDownload('health', { expiresInMs: MINUTE })),
    // Asked for once and kept, so that it is no dependency any more once it has been had.
    check(deps, 'secrets', () => pepperOf(secrets)),
  ]);
  return { status: healthStatus(checks, sweep.status), checks, sweep };
}

/** What went wrong is for the log alone: it may name what is nobody's business. */
async function check(
  { clock, log }: Pick<ApiDeps, 'clock' | 'log'>,
  name: HealthCheck['name'],
  ask: () => Promise<unknown>,
): Promise<HealthCheck> {
  const startedAtMs = clock.nowMs();
  const late = Promise.withResolvers<'late'>();
  const callOff = clock.after(PATIENCE_MS, () => late.resolve('late'));
  try {
    const outcome = await Promise.race([ask(), late.promise]);
    if (outcome !== 'late') return { name, status: 'ok', latencyMs: clock.nowMs() - startedAtMs };
    return { name, status: 'down', latencyMs: null, detail: `No answer within ${PATIENCE_MS / SECOND} s.` };
  } catch (error) {
    log.error('health: a check failed', { check: name, error: String(error) });
    return { name, status: 'down', latencyMs: null, detail: 'It failed; the log says how.' };
  } finally {
    callOff();
  }
}

function busCheck({ bus, clock }: Pick<ApiDeps, 'bus' | 'clock'>): HealthCheck {
  const published = lastPublish(bus);
  if (published === null) {
    return { name: 'bus', status: 'unknown', latencyMs: null, detail: 'This instance has published nothing yet.' };
  }
  const { latencyMs, atMs } = published;
  const ago = `${Math.round((clock.nowMs() - atMs) / SECOND)} s ago`;
  return latencyMs === null
    ? { name: 'bus', status: 'down', latencyMs, detail: `The last publish, ${ago}, failed; the log says how.` }
    : { name: 'bus', status: 'ok', latencyMs, detail: `The last publish was ${ago}.` };
}
