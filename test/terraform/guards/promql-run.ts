import { parsed, PromqlError, type Expr, type Matcher } from './promql-tree.ts';

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of a gauge its newest value, of a count what has come within whatever time is asked for. */
  readonly value: number;
}
type Row = Pick<Series, 'labels' | 'value'>;

/** What a query answers, where this is all that there is: an alert fires for each row. */
export function answerOf(query: string, series: readonly Series[]): readonly Row[] {
  const answer = valueOf(parsed(query), series);
  if (typeof answer === 'number') throw new PromqlError(`${query} is a number`);
  return answer;
}

function valueOf(expr: Expr, series: readonly Series[]): number | readonly Row[] {
  switch (expr.kind) {
    case 'number':
      return expr.value;
    case 'selector':
      return series.filter(
        ({ name, labels }) => name === expr.name && expr.matchers.every((one) => holds(one, labels)),
      );
    case 'call': {
      const [selector] = expr.args;
      if (selector?.kind !== 'selector') break;
      const rows = rowsOf(selector, series);
      if (expr.name === 'increase') return rows;
      if (expr.name === 'absent_over_time') return rows.length > 0 ? [] : [{ labels: {}, value: 1 }];
      break;
    }
    case 'aggregate': {
      const groups = Map.groupBy(rowsOf(expr.of, series), ({ labels }) => keyOf(labels, expr.by));
      return [...groups.values()].map((rows) => ({
        labels: only(rows[0]?.labels ?? {}, expr.by),
        value: AGGREGATES[expr.op]?.(rows.map(({ value }) => value)) ?? NaN,
      }));
    }
    case 'binary':
      return binary(expr, series);
  }
  throw new PromqlError(`${JSON.stringify(expr)} cannot be reckoned here`);
}

function rowsOf(expr: Expr, series: readonly Series[]): readonly Row[] {
  const value = valueOf(expr, series);
  if (typeof value === 'number') throw new PromqlError(`${value} is a number where rows are needed`);
  return value;
}

const AGGREGATES: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  max: (values) => Math.max(...values),
};

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
};

function binary({ op, on, left, right }: Expr & { kind: 'binary' }, series: readonly Series[]): readonly Row[] {
  const rows = rowsOf(left, series);
  const other = valueOf(right, series);
  const partner = ({ labels }: Row): number | undefined =>
    typeof other === 'number' ? other : other.find((one) => keyOf(one.labels, on) === keyOf(labels, on))?.value;
  if (op === 'and') return rows.filter((row) => partner(row) !== undefined);
  if (op === 'or') {
    const known = new Set(rows.map(({ labels }) => keyOf(labels, on)));
    return [...rows, ...rowsOf(right, series).filter(({ labels }) => !known.has(keyOf(labels, on)))];
  }
  return rows.flatMap((row) => {
    const value = partner(row);
    if (value === undefined) return [];
    if (op === '/') return [{ labels: row.labels, value: row.value / value }];
    const compares = COMPARISONS[op];
    if (compares === undefined) throw new PromqlError(`${op} cannot be reckoned here`);
    return compares(row.value, value) ? [row] : [];
  });
}

const only = (labels: Series['labels'], names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]] as const])));

const keyOf = (labels: Series['labels'], by: readonly string[] | null): string =>
  JSON.stringify((by ?? Object.keys(labels).sort()).map((name) => [name, labels[name] ?? '']));

/** A label that a series has not is empty. */
function holds({ label, op, value }: Matcher, labels: Series['labels']): boolean {
  const is = labels[label] ?? '';
  const isSame = op === '=' || op === '!=' ? is === value : new RegExp(`^(?:${value})$`).test(is);
  return op.startsWith('!') ? !isSame : isSame;
}
