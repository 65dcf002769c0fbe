/** The steps of a JSON pointer (RFC 6901); "" is the whole document. Null if it is none. */
export function parsePointer(pointer: string): string[] | null {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return null;
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** One more step on a pointer. */
export const pointerTo = (base: string, step: string | number): string =>
  `${base}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The value a pointer leads to; undefined where there is none. Only own properties count. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const step of parsePointer(pointer) ?? ['']) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** A copy of `document` with `value` in the place a pointer leads to; the place must exist. */
export function withValueAt(document: unknown, pointer: string, value: unknown): unknown {
  const steps = parsePointer(pointer) ?? [];
  const put = (node: unknown, depth: number): unknown => {
    const step = steps[depth];
    if (step === undefined) return value;
    if (Array.isArray(node)) return node.map((item: unknown, i) => (String(i) === step ? put(item, depth + 1) : item));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, item]: [string, unknown]) => [key, key === step ? put(item, depth + 1) : item]),
    );
  };
  return put(document, 0);
}
