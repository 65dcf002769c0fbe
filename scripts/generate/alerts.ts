import { logMetricSpecs } from '../../cloud/log-based-metrics.ts';
import { gaugeType } from '../../cloud/monitoring.ts';
import { FEW, JOBS_WINDOW_SECONDS, SIGNS, THRESHOLDS, WINDOW_SECONDS, type Threshold } from '../../domain/alerts.ts';
import { GAUGES, type GaugeName } from '../../domain/metrics.ts';

/** `terraform/generated/alerts.json`: what terraform/modules/monitoring makes its metrics and alerts of; what pools and models add is theirs. */
export function alertsFile(): object {
  const list: Readonly<Record<string, Omit<Threshold, 'name' | 'unit'>>> = { ...THRESHOLDS, ...SIGNS };
  return {
    window_seconds: WINDOW_SECONDS,
    jobs_window_seconds: JOBS_WINDOW_SECONDS,
    few: FEW,
    thresholds: Object.fromEntries(
      Object.entries(list)
        .filter(([, { noAlert }]) => noAlert === undefined)
        .map(([name, { most, meaning }]) => [name, { most, meaning }]),
    ),
    gauges: Object.fromEntries((Object.keys(GAUGES) as GaugeName[]).map((name) => [name, gaugeType(name)])),
    log_metrics: logMetricSpecs(),
  };
}
