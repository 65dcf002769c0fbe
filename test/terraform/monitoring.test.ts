import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SIGNS, THRESHOLDS, type Threshold } from '../../domain/alerts.ts';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { applied, ROOT, TERRAFORM, whyNot, type Applied } from './applied.ts';
import { knownMetrics, metricFaults, queriesIn, type KnownMetric } from './guards/promql.ts';
import { alertPolicyType, dashboardType, plainOf, roundTrip } from './guards/protos.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const alerts = JSON.parse(read('terraform/generated/alerts.json')) as object;
const pools = JSON.parse(read('terraform/generated/pools.json')) as Record<string, object>;
const vars = {
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
function conditionsOf(policies: readonly Applied[]): ReadonlyMap<string, string> {
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

(whyNot === null ? describe : describe.skip)('what terraform/modules/monitoring makes', () => {
  let resources: readonly Applied[];
  let known: readonly KnownMetric[];
  const of = (type: string): readonly Applied[] => resources.filter((resource) => resource.type === type);
  const dashboards = (): unknown[] =>
    of('google_monitoring_dashboard').map(
      ({ attributes }) => JSON.parse(String(attributes['dashboard_json'])) as unknown,
    );
  beforeAll(() => {
    resources = applied(join(TERRAFORM, 'modules/monitoring'), vars);
    known = knownMetrics(resources);
  }, 60_000);

  test('each threshold has an alert, or says in the list why it has none', () => {
    const list: Readonly<Record<string, Omit<Threshold, 'name' | 'unit'>>> = { ...THRESHOLDS, ...SIGNS };
    const wanted = Object.keys(list).filter((name) => list[name]?.noAlert === undefined);
    expect([...conditionsOf(of('google_monitoring_alert_policy')).keys()].sort()).toEqual(wanted.sort());
  });

  test('each metric that an alert asks for exists', () => {
    const asked = [...conditionsOf(of('google_monitoring_alert_policy'))];
    expect(asked.length).toBeGreaterThan(0);
    const faults = asked.flatMap(([alert, query]) => metricFaults(query, known).map((fault) => `${alert}: ${fault}`));
    expect(faults).toEqual([]);
  });

  test('each metric that a dashboard asks for exists', () => {
    const asked = dashboards().flatMap(queriesIn);
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.flatMap((query) => metricFaults(query, known))).toEqual([]);
  });

  test('each metric that is made of log lines is on a dashboard', () => {
    const shown = dashboards().flatMap(queriesIn).join('\n');
    const unseen = known.filter(
      ({ type, kind }) => kind !== 'gauge' && type.startsWith('logging.') && !isIn(type, shown),
    );
    expect(unseen).toEqual([]);
  });

  test('alert policies lose nothing in the message that is published for them', () => {
    const type = alertPolicyType();
    for (const { attributes } of of('google_monitoring_alert_policy')) {
      const plain = plainOf(type, attributes as Parameters<typeof plainOf>[1]);
      expect(roundTrip(type, plain)).toEqual(plain);
    }
  });

  test('dashboards lose nothing in the message that is published for them', () => {
    const type = dashboardType();
    for (const dashboard of dashboards()) {
      const plain = plainOf(type, dashboard as Parameters<typeof plainOf>[1]);
      expect(roundTrip(type, plain)).toEqual(plain);
    }
  });

  test('no tile of a dashboard lies over another or beyond its width', () => {
    type Tile = { readonly xPos?: number; readonly yPos?: number; readonly width: number; readonly height: number };
    for (const dashboard of dashboards()) {
      const { columns, tiles } = (dashboard as { mosaicLayout: { columns: number; tiles: readonly Tile[] } })
        .mosaicLayout;
      const cells = tiles.flatMap(({ xPos = 0, yPos = 0, width, height }) => {
        expect(xPos + width).toBeLessThanOrEqual(columns);
        return Array.from(
          { length: width * height },
          (_, n) => `${xPos + (n % width)}/${yPos + Math.floor(n / width)}`,
        );
      });
      expect(new Set(cells).size).toBe(cells.length);
    }
  });

  test('each alert has a section of the page that it sends its reader to, and each section its alert', () => {
    const sections = [...read('docs/17-monitoring.md').matchAll(/^### `(\w+)`/gm)].map(([, name]) => name);
    expect(sections.sort()).toEqual([...conditionsOf(of('google_monitoring_alert_policy')).keys()].sort());
  });

  test('each page that an alert names is there', () => {
    const pages = of('google_monitoring_alert_policy').flatMap(({ attributes }) => {
      const [documentation] = attributes['documentation'] as readonly { readonly content: string }[];
      return [...(documentation?.content ?? '').matchAll(/docs\/[\w-]+\.md/g)].map(([page]) => page);
    });
    expect(pages.length).toBeGreaterThan(0);
    for (const page of new Set(pages)) expect(read(page)).not.toBe('');
  });
});

const isIn = (type: string, text: string): boolean =>
  text.includes(type.replace('/', ':').replace(/[^a-zA-Z0-9:]/g, '_'));
