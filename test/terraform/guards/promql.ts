import { namesOf, type KnownMetric } from './known-metrics.ts';
import { parsed, PromqlError, type Expr, type Matcher, type Selector } from './promql-tree.ts';

/** All that a query asks for. */
export const selectorsIn = (query: string): readonly Selector[] => selectorsOf(parsed(query));

function selectorsOf(expr: Expr): readonly Selector[] {
  switch (expr.kind) {
    case 'number':
      return [];
    case 'selector':
      return [expr];
    case 'call':
      return expr.args.flatMap(selectorsOf);
    case 'aggregate':
      return selectorsOf(expr.of);
    case 'binary':
      return [expr.left, expr.right].flatMap(selectorsOf);
  }
}

/** What is wrong with a query: metrics, labels and values that do not exist, and what would find nothing or mean something else. */
export function metricFaults(query: string, known: readonly KnownMetric[]): readonly string[] {
  try {
    const expr = parsed(query);
    const faults = new Faults(known);
    faults.labelsOf(expr);
    return selectorsOf(expr).length === 0 ? [...faults.found, 'it asks for no metric'] : faults.found;
  } catch (error) {
    if (error instanceof PromqlError) return [error.message];
    throw error;
  }
}

const COUNTED = new Set(['increase', 'rate']);
/** Labels of all series of a result; null for a number, undefined where that cannot be told. */
type Labels = readonly string[] | null | undefined;

class Faults {
  readonly found: string[] = [];
  readonly #known: readonly KnownMetric[];
  constructor(known: readonly KnownMetric[]) {
    this.#known = known;
  }

  labelsOf(expr: Expr): Labels {
    switch (expr.kind) {
      case 'number':
        return null;
      case 'selector':
        return this.#ofSelector(expr, null);
      case 'call':
        return this.#ofCall(expr.name, expr.args);
      case 'aggregate': {
        const labels = this.labelsOf(expr.of);
        this.#lack(labels, expr.by, 'it groups by');
        return expr.by;
      }
      case 'binary': {
        const [left, right] = [this.labelsOf(expr.left), this.labelsOf(expr.right)];
        if (left === null || right === null) return left ?? right;
        for (const side of [left, right]) this.#lack(side, expr.on ?? [], 'both sides are matched by');
        if (expr.on === null && left !== undefined && right !== undefined && said(left) !== said(right))
          this.found.push(
            `the sides of ${expr.op} have other labels, so nothing matches: ${said(left)} and ${said(right)}`,
          );
        return left;
      }
    }
  }

  #lack(labels: Labels, wanted: readonly string[], why: string): void {
    for (const label of wanted) {
      if (labels !== undefined && !labels?.includes(label))
        this.found.push(`nothing has the label ${label} that ${why}`);
    }
  }

  #ofCall(name: string, args: readonly Expr[]): Labels {
    const [first, second] = args;
    if (name === 'histogram_quantile' && args.length === 2 && second !== undefined) {
      const labels = this.labelsOf(second);
      this.#lack(labels, ['le'], 'a quantile is reckoned by');
      return labels?.filter((label) => label !== 'le');
    }
    if ((COUNTED.has(name) || name === 'absent_over_time') && args.length === 1 && first?.kind === 'selector') {
      if (first.range === null) this.found.push(`${name} is of no time`);
      const labels = this.#ofSelector(first, name);
      if (COUNTED.has(name)) return labels;
      return first.matchers.filter(({ op }) => op === '=').map(({ label }) => label);
    }
    this.found.push(`${name} is no function that is looked into`);
    return undefined;
  }

  #ofSelector({ name, matchers, range }: Selector, within: string | null): Labels {
    const metric = this.#known.find(({ type, kind }) => namesOf(type, kind).includes(name));
    if (metric === undefined) {
      this.found.push(`${name} is no metric that exists`);
      return undefined;
    }
    if (within === null && range !== null) this.found.push(`${name} of a time is given to no function`);
    const isCounted = within !== null && COUNTED.has(within);
    if (metric.kind === 'gauge' && isCounted) this.found.push(`${name} is a gauge, which nothing is an increase of`);
    if (metric.kind !== 'gauge' && within === null)
      this.found.push(`${name} is a count, of which only an increase says anything`);
    if (
      !matchers.some(
        ({ label, op, value }) => label === 'monitored_resource' && op === '=' && value === metric.resource,
      )
    )
      this.found.push(`${name} does not say that it is of ${metric.resource}`);
    for (const matcher of matchers) this.#checkMatcher(name, metric, matcher);
    return [...metric.labels, ...(name.endsWith('_bucket') && metric.kind === 'distribution' ? ['le'] : [])];
  }

  #checkMatcher(name: string, { labels, values }: KnownMetric, { label, op, value }: Matcher): void {
    if (label === 'monitored_resource') return;
    if (!labels.includes(label)) this.found.push(`${name} has no label ${label}`);
    const all = values?.[label];
    if (all === undefined) return;
    // Each of the alternatives of a pattern, so that none of them is misspelt.
    const wanted = op === '=' || op === '!=' ? [value.replace(/[^\w]/g, '[$&]')] : value.split('|');
    for (const one of wanted) {
      const pattern = new RegExp(`^(?:${one})$`);
      if (!all.some((known) => pattern.test(known))) this.found.push(`${name} has no ${label} that is ${one}`);
    }
  }
}

const said = (labels: readonly string[]): string => `(${[...labels].sort().join(', ')})`;

/** All queries of a dashboard; another way to ask than PromQL is returned as it stands, and is none. */
export function queriesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(queriesIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'timeSeriesQuery' ? [queryIn(inner as Readonly<Record<string, unknown>>)] : queriesIn(inner),
  );
}

const queryIn = (query: Readonly<Record<string, unknown>>): string =>
  typeof query['prometheusQuery'] === 'string' ? query['prometheusQuery'] : JSON.stringify(query);
