import { anyOf, ENDS, logMetricSpecs } from '../../cloud/log-based-metrics.ts';
import { gaugeType } from '../../cloud/monitoring.ts';
import { FEW, RAN, SIGNS, THRESHOLDS, USERS_MISTAKES, WINDOWS, type Threshold } from '../../domain/alerts.ts';
import { GAUGES, type GaugeName } from '../../domain/metrics.ts';

/** `terraform/generated/alerts.json`: what terraform/modules/monitoring makes its metrics and alerts of; what pools add is theirs. */
export function alertsFile(): object {
  const list: Readonly<Record<string, Omit<Threshold, 'name' | 'unit'>>> = { ...THRESHOLDS, ...SIGNS };
  return {
    windows: WINDOWS,
    few: FEW,
    thresholds: Object.fromEntries(
      Object.entries(list)
        .filter(([, { noAlert }]) => noAlert === undefined)
        .map(([name, { most, share, meaning }]) => [
          name,
          { most, ...(share === undefined ? {} : { share }), meaning },
        ]),
    ),
    // For matchers, which match a whole value.
    values: { ends: anyOf(ENDS), ran: anyOf(RAN), users_mistakes: anyOf(USERS_MISTAKES) },
    gauges: Object.fromEntries((Object.keys(GAUGES) as GaugeName[]).map((name) => [name, gaugeType(name)])),
    log_metrics: logMetricSpecs(),
  };
}
