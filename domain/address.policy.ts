import ipaddr from 'ipaddr.js';

/** Networks nobody's webhook or input can lie in: special by IANA's registries, or reachable only from inside a cloud. */
export const REFUSED_V4: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared address space'],
  ['127.0.0.0/8', 'loopback'],
  ['168.63.129.16/32', "a cloud's own services"],
  ['169.254.0.0/16', 'link-local, where clouds keep their metadata'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.31.196.0/24', 'reserved'],
  ['192.52.193.0/24', 'reserved'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['192.175.48.0/24', 'reserved'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['199.36.153.4/30', "Google's private access"],
  ['199.36.153.8/30', "Google's private access"],
  ['203.0.113.0/24', 'documentation'],
  ['35.199.192.0/19', "Google's forwarders"],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
];

/** The same within 2000::/3, outside of which nothing of IPv6 is public. */
const REFUSED_V6: readonly (readonly [string, string])[] = [
  ['2001::/23', 'reserved, Teredo tunnels among it'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4, which wraps an IPv4 address'],
  ['2600:2d00:2:1000::/64', "Google's private access"],
  ['2600:2d00:2:2000::/64', "Google's private access"],
  ['2620:4f:8000::/48', 'reserved'],
  ['3ffe::/16', 'retired'],
  ['3fff::/20', 'documentation'],
];

const V4 = REFUSED_V4.map(([range, why]) => ({ range: ipaddr.IPv4.parseCIDR(range), why }));
const V6 = REFUSED_V6.map(([range, why]) => ({ range: ipaddr.IPv6.parseCIDR(range), why }));
const PUBLIC_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Why this IP address, in any of its notations, must not be called; null where it may. Whatever is not known to be public
 * is refused. With `allowLoopback`, 127.0.0.0/8 and ::1 may be called too, and nothing else.
 */
export function refusedAddress(address: string, options: { readonly allowLoopback: boolean }): string | null {
  if (ipLiteralOf(address) !== address) return 'not an IP address';
  const ip = ipaddr.parse(address);
  if (options.allowLoopback && ip.range() === 'loopback') return null;
  return ip instanceof ipaddr.IPv4 ? refusedV4(ip) : refusedV6(ip);
}

const refusedV4 = (ip: ipaddr.IPv4): string | null => V4.find(({ range }) => ip.match(range))?.why ?? null;

function refusedV6(ip: ipaddr.IPv6): string | null {
  if (ip.range() === 'loopback') return 'loopback';
  // Mapped, translated and compatible forms of IPv4 addresses lie outside, and so do ::, ULA, link-local and multicast.
  if (!ip.match(PUBLIC_V6)) return 'not public';
  // ISATAP: an IPv4 address behind the interface id 0:5efe, with or without the "universal" bit.
  if (((ip.parts[4] ?? 0) & ~0x200) === 0 && ip.parts[5] === 0x5efe) return 'ISATAP, which wraps an IPv4 address';
  return V6.find(({ range }) => ip.match(range))?.why ?? null;
}

/** Below 1024 only the web's own; above it, whatever is known to obey what it is sent without asking who sent it. */
const WEB_PORTS: ReadonlySet<number> = new Set([80, 443]);
const REFUSED_PORTS: ReadonlySet<number> = new Set([
  1433, 2049, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6000, 6379, 6443, 8500, 9042,
  9092, 9200, 9300, 10250, 10255, 11211, 25565, 27017,
]);

/** Whether a webhook or an input may lie behind this port. */
export const mayCallPort = (port: number): boolean => WEB_PORTS.has(port) || (port >= 1024 && !REFUSED_PORTS.has(port));

const INTERNAL_SUFFIXES = [
  'localhost',
  'local',
  'internal',
  'intranet',
  'lan',
  'home.arpa',
  'localdomain',
  'metadata.goog',
];

/** The parts of a parsed URL that decide: `hostname` as the WHATWG URL parser gives it. */
export interface Target {
  readonly protocol: string;
  readonly hostname: string;
  /** Empty for the protocol's own. */
  readonly port: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Why this URL must not be called, as far as its text tells; null where nothing in it speaks against it. A name may still
 * lead to an address that is refused, which shows only when it is looked up.
 * @param options.ownHosts names of this deployment itself, which must not be made to call itself
 */
export function refusedTarget(
  target: Target,
  options: { readonly allowLoopback: boolean; readonly ownHosts: readonly string[] },
): string | null {
  if (target.protocol !== 'http:' && target.protocol !== 'https:') return 'only http and https may be called';
  if (target.username !== '' || target.password !== '') return 'credentials must not stand in an address';
  const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port);
  if (!mayCallPort(port)) return `port ${port} may not be called`;
  const host = target.hostname.toLowerCase().replace(/\.$/, '');
  const literal = ipLiteralOf(host);
  if (literal !== null) {
    const why = refusedAddress(literal, options);
    return why === null ? null : `${host} is not a public address (${why})`;
  }
  if (options.allowLoopback && host === 'localhost') return null;
  if (!host.includes('.')) return `"${host}" is not a public name`;
  if (INTERNAL_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))) {
    return `"${host}" is not a public name`;
  }
  return options.ownHosts.includes(host) ? `"${host}" is this deployment itself` : null;
}

/** The address in a URL's hostname if it is one and no name: an IPv6 address stands in brackets there. */
export function ipLiteralOf(hostname: string): string | null {
  const bare = hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
  return ipaddr.isValid(bare) && (bare.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(bare)) ? bare : null;
}
