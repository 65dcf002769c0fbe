import type { Model } from '../../domain/contract/model.ts';
import { HISTORY_JOBS, historyOf, sampleOf, type History, type Sample } from '../../domain/history.policy.ts';
import type { ApiDeps } from '../deps.ts';
import { pagesOf } from '../steps/pages.ts';

/** Jobs that are in memory at a time: each may have most of a MiB of input and output. */
const PAGE = 5;

/** What a tenant's own last succeeded jobs of a model tell; never another tenant's. HISTORY_JOBS reads at most. */
export async function ownHistory({ store }: Pick<ApiDeps, 'store'>, tenant: string, model: Model): Promise<History> {
  const where = { tenant, model: model.name, state: 'succeeded' };
  const samples: Sample[] = [];
  let read = 0;
  for await (const page of pagesOf((options) => store.query('jobsByTenantModelState', where, options), PAGE)) {
    samples.push(...page.items.flatMap(({ data }) => sampleOf(data, model.hardware) ?? []));
    read += page.items.length;
    if (read >= HISTORY_JOBS) break;
  }
  return historyOf(samples);
}
