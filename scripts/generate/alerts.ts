import { join } from 'node:path';
import { logMetricSpecs } from '../../cloud/log-based-metrics.ts';
import { gaugeType } from '../../cloud/monitoring.ts';
import {
  FEW,
  JOBS_WINDOW_SECONDS,
  longRunSeconds,
  oldestQueuedSeconds,
  SIGNS,
  THRESHOLDS,
  WINDOW_SECONDS,
  type Threshold,
} from '../../domain/alerts.ts';
import type { Catalogue } from '../../domain/contract/model.ts';
import { GAUGES, type GaugeName } from '../../domain/metrics.ts';
import { loadCatalogue } from '../../gpu-job/models/catalogue.ts';

/** `terraform/generated/alerts.json`: what terraform/modules/monitoring makes its metrics and alerts of. */
export async function alertsFile(root: string): Promise<object> {
  const folders = [join(root, 'gpu-job/models')];
  // Every region has the same thresholds, and what a model requires is no matter here.
  return alertsOf(await loadCatalogue({ folders, regions: ['any'], path: '' }));
}

/** The thresholds, those of this catalogue's pools and models, and the metrics that they are compared with. */
export function alertsOf({ models, queues }: Pick<Catalogue, 'models' | 'queues'>): object {
  const list: Readonly<Record<string, Omit<Threshold, 'name' | 'unit'>>> = { ...THRESHOLDS, ...SIGNS };
  const all = sorted([...models.values()].map(({ model }) => [model.name, model] as const));
  return {
    window_seconds: WINDOW_SECONDS,
    jobs_window_seconds: JOBS_WINDOW_SECONDS,
    few: FEW,
    thresholds: Object.fromEntries(
      Object.entries(list)
        .filter(([, { noAlert }]) => noAlert === undefined)
        .map(([name, { most, meaning }]) => [name, { most, meaning }]),
    ),
    pools: Object.fromEntries(
      sorted([...queues.values()].map(({ pool }) => [pool.name, pool] as const)).map(([name, pool]) => {
        const own = all.map(([, model]) => model).filter((model) => model.pool === name);
        return [name, { oldest_queued_seconds: oldestQueuedSeconds(pool, own) }];
      }),
    ),
    models: Object.fromEntries(all.map(([name, model]) => [name, { long_run_seconds: longRunSeconds(model) }])),
    gauges: Object.fromEntries((Object.keys(GAUGES) as GaugeName[]).map((name) => [name, gaugeType(name)])),
    log_metrics: logMetricSpecs(),
  };
}

const sorted = <T>(entries: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
