import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SIGNS, THRESHOLDS, type Threshold } from '../../domain/alerts.ts';
import { applied, TERRAFORM, whyNot, type Applied } from './applied.ts';
import { knownMetrics, promqlName, type KnownMetric } from './guards/known-metrics.ts';
import { metricFaults, queriesIn, selectorsIn } from './guards/promql.ts';
import { alertPolicyType, dashboardType, plainOf, roundTrip } from './guards/protos.ts';
import { conditionsOf, MONITORED, read } from './monitored.ts';

(whyNot === null ? describe : describe.skip)('what terraform/modules/monitoring makes', () => {
  let resources: readonly Applied[];
  let known: readonly KnownMetric[];
  const of = (type: string): readonly Applied[] => resources.filter((resource) => resource.type === type);
  const dashboards = (): unknown[] =>
    of('google_monitoring_dashboard').map(
      ({ attributes }) => JSON.parse(String(attributes['dashboard_json'])) as unknown,
    );
  beforeAll(() => {
    resources = applied(join(TERRAFORM, 'modules/monitoring'), MONITORED);
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
    const shown = dashboards()
      .flatMap(queriesIn)
      .flatMap(selectorsIn)
      .map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, ''));
    const made = known.map(({ type }) => type).filter((type) => type.startsWith('logging.'));
    expect(made.filter((type) => !shown.includes(promqlName(type)))).toEqual([]);
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

  test('a dashboard comes back as it was sent: the API leaves out positions of 0', () => {
    interface Tile {
      readonly xPos?: number;
      readonly yPos?: number;
    }
    const tiles = dashboards().flatMap(
      (one) => (one as { readonly mosaicLayout: { readonly tiles: readonly Tile[] } }).mosaicLayout.tiles,
    );
    expect(tiles.length).toBeGreaterThan(20);
    expect(tiles.filter(({ xPos, yPos }) => xPos === 0 || yPos === 0)).toEqual([]);
  });

  test('a chart counts over the time that each of its points stands for', () => {
    const counts = dashboards()
      .flatMap(queriesIn)
      .filter((query) => selectorsIn(query).some(({ range }) => range !== null));
    expect(counts.length).toBeGreaterThan(15);
    expect(counts.filter((query) => !query.includes('}[${__interval}])') || /\}\[\d/.test(query))).toEqual([]);
  });

  test('what is counted of log lines is counted for longer than Google may have it late', () => {
    const queries = [...conditionsOf(of('google_monitoring_alert_policy')).values()];
    const ranges = queries
      .flatMap(selectorsIn)
      .filter(({ name }) => name.startsWith('logging_'))
      .map(({ range }) => Number(/^(\d+)s$/.exec(range ?? '')?.[1]));
    expect(ranges.length).toBeGreaterThan(10);
    expect(Math.min(...ranges)).toBeGreaterThanOrEqual(3 * 600);
    expect(queries.filter((query) => query.includes('histogram_quantile'))).toEqual([]);
  });

  test('each log that an alert has read is of this deployment, and shows what a crash and a refused request say', () => {
    const commands = of('google_monitoring_alert_policy').flatMap(({ attributes }) => {
      const [documentation] = attributes['documentation'] as readonly { readonly content: string }[];
      const [, shell = ''] = /```sh\n(.*?)```/s.exec(documentation?.content ?? '') ?? [];
      expect(shell).not.toBe('');
      return shell.trim().split('\n');
    });
    const reads = commands.filter((command) => command.startsWith('gcloud logging read'));
    expect(reads.length).toBeGreaterThan(10);
    for (const command of reads) {
      expect(command).toMatch(/resource\.labels\.(?:service|job)_name="?\(?"acme-dev-/);
      expect(command).toMatch(/textPayload, httpRequest\.status, httpRequest\.requestUrl/);
    }
    expect(commands.filter((command) => !command.includes('acme-dev-'))).toEqual([]);
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
