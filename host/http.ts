import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, request, type Dispatcher } from 'undici';
import { ipLiteralOf, refusedAddress } from '../domain/address.policy.ts';
import { AddressRefusedError, HttpFailure } from '../domain/errors.ts';
import type { Http, OutboundRequest, OutboundResponse } from '../domain/ports.ts';
import { checkedAddress, type AddressRules } from './address-check.ts';

/** All answers for a name, as `dns.lookup` with `all` gives them. */
export type ResolveAll = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface HttpOptions extends AddressRules {
  readonly resolve?: ResolveAll;
}

const MAX_HEADER_BYTES = 16 * 1024;

/** Headers that are the connection's, or that make a metadata server or a Google API take us at our word. */
const REFUSED_HEADERS =
  /^(host|authorization|proxy-.*|connection|keep-alive|te|trailer|transfer-encoding|content-length|upgrade|expect|metadata-flavor|x-metadata-.*|x-google-.*|x-goog-.*|x-aws-ec2-metadata-.*)$/i;

const resolveAll: ResolveAll = (hostname, callback) => systemLookup(hostname, { all: true }, callback);

/**
 * HTTP to addresses that users give. Refused are: by its text, whatever domain/address.policy.ts refuses; at the look-up, a
 * name with any bad answer, even beside good ones; at the connection, a bad literal, or a peer that is not what was looked
 * up. Redirects are not followed, bodies are not unpacked, each request has a connection of its own, and no proxy setting of
 * the environment is heeded.
 */
export function createHttp(options: HttpOptions): Http {
  const rules = { allowLoopback: options.allowLoopback, ownHosts: options.ownHosts ?? [] };
  const resolve = options.resolve ?? resolveAll;

  const refusal = (host: string, address: string): AddressRefusedError | null => {
    const why = refusedAddress(address, rules);
    if (why === null) return null;
    return new AddressRefusedError(`${host} leads to ${address}, which is not a public address (${why})`);
  };

  const lookup: LookupFunction = (hostname, { all }, callback) => {
    resolve(hostname, (error, addresses) => {
      const refused = addresses?.map(({ address }) => refusal(hostname, address)).find((one) => one !== null);
      const [first] = addresses ?? [];
      if (error !== null || refused !== undefined || first === undefined) {
        return callback(error ?? refused ?? new HttpFailure(`${hostname} has no address`), '');
      }
      if (all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };

  const connector = buildConnector({ lookup, timeout: 0 });
  const connect: typeof connector = (to, callback) => {
    // The look-up above is not asked about a literal.
    const literal = ipLiteralOf(to.hostname);
    const refused = literal === null ? null : refusal(to.hostname, literal);
    if (refused !== null) return void queueMicrotask(() => callback(refused, null));
    connector(to, (error, socket) => {
      if (error !== null) return callback(error, null);
      const strange = refusal(to.hostname, socket.remoteAddress ?? '');
      if (strange === null) return callback(null, socket);
      socket.destroy();
      callback(strange, null);
    });
  };

  return {
    check: (url) => void checkedAddress(url, options),
    async send(outbound) {
      const url = checkedAddress(outbound.url, options);
      const refused = Object.keys(outbound.headers).find((name) => REFUSED_HEADERS.test(name));
      if (refused !== undefined) throw new HttpFailure(`the header ${refused} may not be sent`);
      // Without keep-alive: a connection that the other side has let go of would fail a request that may not be repeated.
      const agent = new Agent({ connect, pipelining: 0, maxHeaderSize: MAX_HEADER_BYTES });
      try {
        return await exchange(agent, url, outbound);
      } catch (error) {
        throw failureOf(error, outbound.timeoutMs);
      } finally {
        void agent.destroy();
      }
    },
  };
}

async function exchange(dispatcher: Dispatcher, url: URL, outbound: OutboundRequest): Promise<OutboundResponse> {
  const response = await request(url, {
    dispatcher,
    method: outbound.method,
    headers: outbound.headers,
    ...(outbound.body === undefined ? {} : { body: outbound.body }),
    // The timeouts of the library are for silence; a drop at a time would keep us for ever.
    signal: AbortSignal.timeout(outbound.timeoutMs),
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const chunks: Buffer[] = [];
  let left = outbound.maxResponseBytes;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  const headers = Object.entries(response.headers).map(([name, value]): [string, string] => [
    name,
    String(value ?? ''),
  ]);
  return { status: response.statusCode, headers: Object.fromEntries(headers), body: Buffer.concat(chunks) };
}

/** A refusal of ours wherever it stands among the causes; else one line that tells what happened, without the address. */
function failureOf(error: unknown, timeoutMs: number): Error {
  if (error instanceof AddressRefusedError || error instanceof HttpFailure) return error;
  const { name, code, message, cause } = error as NodeJS.ErrnoException;
  if (cause instanceof AddressRefusedError) return cause;
  if (name === 'TimeoutError') return new HttpFailure(`no complete answer within ${timeoutMs} ms`, { cause: error });
  return new HttpFailure(code ?? message, { cause: error });
}
