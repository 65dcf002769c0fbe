/** Errors that a fault brings about, or a race; whatever else a function fails with is a fault of its own. */
const EXPLAINED =
  /^((UnclearError|UnavailableError|InjectedError|BrokenError|PreconditionFailedError|HttpFailure)\b|Error: \d+ of sweep's calls failed)/;

/** Messages with which functions, and the worker here, log what they fail with. */
const FAILED = [
  'request failed',
  'request unclear',
  'event failed',
  'one of several failed',
  'delivery failed',
  'worker failed',
];

/** Null, or what a line of a function's log says that no injected fault explains. */
export function faultIn(message: string, fields: Readonly<Record<string, unknown>> = {}): string | null {
  const { error } = fields;
  if (!FAILED.includes(message) || typeof error !== 'string' || EXPLAINED.test(error)) return null;
  return `X: ${message}: ${error}`;
}
