import type { Model } from '../../domain/contract/model.ts';
import { HISTORY_FIELDS, HISTORY_JOBS, historyOf, sampleOf, type History } from '../../domain/history.policy.ts';
import type { ApiDeps } from '../deps.ts';

/** What a tenant's own last succeeded jobs of a model tell; never another tenant's. HISTORY_JOBS reads at most. */
export async function ownHistory({ store }: Pick<ApiDeps, 'store'>, tenant: string, model: Model): Promise<History> {
  const where = { tenant, model: model.name, state: 'succeeded' };
  const options = { limit: HISTORY_JOBS, fields: HISTORY_FIELDS };
  const { items } = await store.query('jobsByTenantModelState', where, options);
  return historyOf(items.flatMap(({ data }) => sampleOf(data, model.hardware) ?? []));
}
