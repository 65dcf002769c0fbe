import { refusedTarget } from '../domain/address.policy.ts';
import { AddressRefusedError } from '../domain/errors.ts';

export interface AddressRules {
  /** Lets 127.0.0.0/8, ::1 and `localhost` through, and nothing else that is private: for the embedded engine. */
  readonly allowLoopback: boolean;
  /** Host names of this deployment, which must not be made to call itself. */
  readonly ownHosts?: readonly string[];
}

/** The address, as far as the text of it tells whether it may be called. @throws AddressRefusedError */
export function checkedAddress(text: string, { allowLoopback, ownHosts = [] }: AddressRules): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new AddressRefusedError('this is not an address');
  }
  const why = refusedTarget(url, { allowLoopback, ownHosts });
  if (why !== null) throw new AddressRefusedError(why);
  return url;
}
