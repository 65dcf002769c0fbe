/** A namespace, service, message or enum, as protobufjs writes them as JSON. */
export interface Proto {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly nested?: Readonly<Record<string, Proto>>;
  readonly methods?: Readonly<Record<string, Method>>;
  readonly fields?: Readonly<Record<string, Field>>;
  readonly [other: string]: unknown;
}

interface Method {
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
  readonly parsedOptions?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
}

interface Field {
  readonly type: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

/** The messages that an operation ends with and tells of itself, which no field or method refers to. */
const OPERATION = '(google.longrunning.operation_info)';

/**
 * The part of a package's definitions that these methods need, without the annotations that only REST calls and documentation
 * read.
 * @param called methods by the full name of their service; services that are not in it go
 */
export function pruneProtos(root: Proto, called: Readonly<Record<string, readonly string[]>>): Proto {
  const all = new Map<string, Proto>();
  index(root, '', all);
  const kept = new Set<string>();

  /** As protobuf resolves names: from the inside out. */
  const resolve = (name: string, scope: string): string | null => {
    if (name.startsWith('.')) return all.has(name.slice(1)) ? name.slice(1) : null;
    for (let at = scope; ; at = parentOf(at)) {
      const path = joined(at, name);
      if (all.has(path)) return path;
      if (at === '') return null;
    }
  };
  const keep = (name: unknown, scope: string): void => {
    const path = typeof name === 'string' ? resolve(name, scope) : null;
    if (path === null || kept.has(path)) return;
    kept.add(path);
    for (const field of Object.values(all.get(path)?.fields ?? {})) keep(field.type, path);
  };
  for (const [service, methods] of Object.entries(called)) {
    const found = all.get(service);
    if (found === undefined) continue;
    kept.add(service);
    for (const name of methods) {
      const method = found.methods?.[name];
      if (method === undefined) throw new Error(`${service} has no method ${name}`);
      for (const type of [method.requestType, method.responseType]) keep(type, parentOf(service));
    }
    // Of all its methods: the client looks those up when it is made.
    const operations = Object.values(found.methods ?? {}).flatMap(operationTypes);
    if (methods.length > 0) for (const type of operations) keep(type, parentOf(service));
  }
  return pruned(root, '', kept, called) ?? { nested: {} };
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));
const joined = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

function index(proto: Proto, path: string, all: Map<string, Proto>): void {
  for (const [name, below] of Object.entries(proto.nested ?? {})) {
    all.set(joined(path, name), below);
    index(below, joined(path, name), all);
  }
}

function operationTypes({ parsedOptions = [] }: Method): unknown[] {
  return [parsedOptions].flat().flatMap((options: Readonly<Record<string, unknown>>) => {
    const info = options[OPERATION] as { response_type?: unknown; metadata_type?: unknown } | undefined;
    return info === undefined ? [] : [info.response_type, info.metadata_type];
  });
}

/** Null where nothing of it is kept. */
function pruned(
  proto: Proto,
  path: string,
  kept: ReadonlySet<string>,
  called: Readonly<Record<string, readonly string[]>>,
): Proto | null {
  const below = Object.entries(proto.nested ?? {}).flatMap(([name, each]) => {
    const left = pruned(each, joined(path, name), kept, called);
    return left === null ? [] : [[name, left] as const];
  });
  const nested = below.length === 0 ? {} : { nested: Object.fromEntries(below) };
  if (!kept.has(path)) {
    if (below.length === 0) return null;
    // A message around one that is kept stays one, since its name is part of the other's.
    return proto.fields === undefined ? nested : { fields: {}, ...nested };
  }
  const { methods, fields } = proto;
  if (methods !== undefined) return { methods: plainMethods(methods, called[path] ?? []), ...nested };
  const rest = Object.entries(proto).filter(([key]) => key !== 'options' && key !== 'nested');
  return { ...Object.fromEntries(rest), ...(fields === undefined ? {} : { fields: plainFields(fields) }), ...nested };
}

function plainMethods(methods: Readonly<Record<string, Method>>, names: readonly string[]): Record<string, Method> {
  const plain = Object.entries(methods).filter(([name]) => names.includes(name));
  return Object.fromEntries(
    plain.map(([name, { requestType, responseType, requestStream, responseStream }]) => [
      name,
      {
        requestType,
        responseType,
        ...(requestStream ? { requestStream } : {}),
        ...(responseStream ? { responseStream } : {}),
      },
    ]),
  );
}

/** `packed` and `proto3_optional` decide how a field is written; what stands in parentheses is documentation. */
function plainFields(fields: Readonly<Record<string, Field>>): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { options, ...field }]) => {
      const left = Object.entries(options ?? {}).filter(([option]) => !option.startsWith('('));
      return [name, left.length === 0 ? field : { ...field, options: Object.fromEntries(left) }];
    }),
  );
}
