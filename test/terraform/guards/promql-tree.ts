import { parser } from '@prometheus-io/lezer-promql';

type Node = ReturnType<typeof parser.parse>['topNode'];

export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Selector {
  readonly kind: 'selector';
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** What stands in the brackets, or null. */
  readonly range: string | null;
}

/** The part of PromQL that alerts and dashboards are written in. */
export type Expr =
  | { readonly kind: 'number'; readonly value: number }
  | Selector
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[] }
  | { readonly kind: 'aggregate'; readonly op: string; readonly by: readonly string[]; readonly of: Expr }
  | {
      readonly kind: 'binary';
      readonly op: string;
      /** The labels that both sides are matched by; null for all. */
      readonly on: readonly string[] | null;
      readonly left: Expr;
      readonly right: Expr;
    };

/** Thrown for what is no PromQL, or a part of it that nothing here is written in. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError';
}

/**
 * What a query says.
 * @throws PromqlError
 */
export function parsed(query: string): Expr {
  // What Cloud Monitoring puts in place of it is a time.
  const text = query.replaceAll('${__interval}', '60s');
  const tree = parser.parse(text);
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError) throw new PromqlError(`it is no PromQL from character ${from} on`);
    },
  });
  const top = tree.topNode.firstChild;
  if (top === null) throw new PromqlError('it is no PromQL: it is empty');
  return exprOf(top, text);
}

function exprOf(node: Node, text: string): Expr {
  const say = (of: Node): string => text.slice(of.from, of.to);
  const child = (name: string): Node => {
    const found = node.getChild(name);
    if (found === null) throw new PromqlError(`${say(node)} has no ${name}`);
    return found;
  };
  const args = (): Expr[] => childrenOf(child('FunctionCallBody')).map((arg) => exprOf(arg, text));
  switch (node.name) {
    case 'NumberDurationLiteral':
      return { kind: 'number', value: Number(say(node)) };
    case 'ParenExpr': {
      const [inner] = childrenOf(node);
      if (inner !== undefined) return exprOf(inner, text);
      break;
    }
    case 'VectorSelector':
      return { kind: 'selector', name: say(child('Identifier')), matchers: matchersOf(node, text), range: null };
    case 'MatrixSelector': {
      const vector = exprOf(child('VectorSelector'), text);
      if (vector.kind === 'selector') return { ...vector, range: say(child('DurationExpr')) };
      break;
    }
    case 'FunctionCall':
      return { kind: 'call', name: say(child('FunctionIdentifier')), args: args() };
    case 'AggregateExpr': {
      const [of, ...more] = args();
      const modifier = node.getChild('AggregateModifier');
      if (of === undefined || more.length > 0 || modifier?.getChild('Without')) break;
      return { kind: 'aggregate', op: say(child('AggregateOp')), by: labelsOf(modifier, text), of };
    }
    case 'BinaryExpr': {
      const parts = childrenOf(node);
      const [left, op, right] = parts.filter(({ name }) => name !== 'MatchingModifierClause');
      const matching = node.getChild('MatchingModifierClause');
      const isPlain =
        matching === null ||
        childrenOf(matching)
          .map(({ name }) => name)
          .join() === 'On,GroupingLabels';
      if (left === undefined || op === undefined || right === undefined || !isPlain) break;
      const on = matching === null ? null : labelsOf(matching, text);
      return { kind: 'binary', op: say(op), on, left: exprOf(left, text), right: exprOf(right, text) };
    }
  }
  throw new PromqlError(`${say(node)} is of a kind that is not looked into: ${node.name}`);
}

function childrenOf(node: Node): Node[] {
  const found: Node[] = [];
  for (let one = node.firstChild; one !== null; one = one.nextSibling) found.push(one);
  return found;
}

const labelsOf = (node: Node | null, text: string): string[] =>
  (node?.getChild('GroupingLabels')?.getChildren('LabelName') ?? []).map(({ from, to }) => text.slice(from, to));

function matchersOf(node: Node, text: string): Matcher[] {
  const all = node.getChild('LabelMatchers');
  return (all === null ? [] : childrenOf(all)).map((matcher) => {
    const [label = '', op = '', value = ''] = childrenOf(matcher).map(({ from, to }) => text.slice(from, to));
    return { label, op: op as Matcher['op'], value: JSON.parse(value) as string };
  });
}
