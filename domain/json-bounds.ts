/**
 * Whether a JSON value is nested no deeper and has no more values than this. Walks without recursion, since what it is
 * asked about may be as deep as memory.
 */
export function isWithinBounds(value: unknown, bounds: { readonly depth: number; readonly values: number }): boolean {
  let level: unknown[] = [value];
  let seen = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    seen += level.length;
    if (depth > bounds.depth || seen > bounds.values) return false;
    level = level.flatMap((item): unknown[] => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return true;
}
