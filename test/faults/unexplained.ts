/** What a fault may bring about. Nothing else does: a race, by itself, is decided again until it is won. */
const EXPLAINED =
  /^(BrokenError|HttpFailure|InjectedError|PreconditionFailedError|SweepIncompleteError|UnavailableError|UnclearError)\b/;

/**
 * Null, or what a line of a log says that went wrong and no fault explains.
 * @param isHurt whether there was a fault in the run by then that can make a call fail
 */
export function faultIn(
  message: string,
  fields: Readonly<Record<string, unknown>> | undefined,
  isHurt: boolean,
): string | null {
  const error = fields?.['error'];
  if (typeof error !== 'string' || (isHurt && EXPLAINED.test(error))) return null;
  return `X: ${message}: ${error.split('\n')[0]}`;
}
