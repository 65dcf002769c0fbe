import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { ROOT, type Applied } from './applied.ts';

/** A file of this repository. */
export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const alerts = JSON.parse(read('terraform/generated/alerts.json')) as object;
const pools = JSON.parse(read('terraform/generated/pools.json')) as Record<string, object>;
/** What terraform/modules/monitoring is given for the pools of gpu-job/models. */
export const MONITORED = {
  project: 'acme-gpu',
  project_number: '123456789012',
  prefix: 'acme-dev',
  region: 'us-central1',
  alerts,
  services: Object.fromEntries(FUNCTION_NAMES.map((name) => [name, `acme-dev-${name}`])),
  pools: Object.fromEntries(Object.entries(pools).map(([name, pool]) => [name, { ...pool, job: `acme-dev-${name}` }])),
  event_subscriptions: { nudges: 'projects/acme-gpu/subscriptions/eventarc-nudges' },
  deliveries_subscription: 'acme-dev-deliveries',
  dead_letter_subscription: 'acme-dev-dead',
  emails: { ops: 'ops@example.com' },
  budget: { billing_account: '012345-6789AB-CDEF01', amount_usd: 200 },
};

/** The condition of each alert, by its name. */
export function conditionsOf(policies: readonly Applied[]): ReadonlyMap<string, string> {
  interface Condition {
    readonly display_name: string;
    readonly condition_prometheus_query_language?: readonly { readonly query: string }[];
  }
  return new Map(
    policies
      .flatMap(({ attributes }) => attributes['conditions'] as readonly Condition[])
      .map((one) => [
        one.display_name,
        one.condition_prometheus_query_language?.[0]?.query ?? `asks in another way: ${JSON.stringify(one)}`,
      ]),
  );
}
