import { readFileSync } from 'node:fs';
import { BlockList, isIPv4 } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { refusedTarget } from '../../domain/address.policy.ts';
import { MAX_RETENTION_MS } from '../../domain/retention.policy.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { DAY } from '../../domain/time.ts';
import { MAY_BE_CALLED, REFUSED_BY_TEXT } from '../webhooks/ssrf-vectors.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../terraform/generated', name), 'utf8'));

describe('the firewall behind the guard of webhooks', () => {
  const denied = new BlockList();
  for (const range of Object.keys(read('private-ranges.json') as object)) {
    const [network = '', bits] = range.split('/');
    denied.addSubnet(network, Number(bits), 'ipv4');
  }
  const refused = Object.values(REFUSED_BY_TEXT).flat().filter(isIPv4);
  const allowed = MAY_BE_CALLED.filter(isIPv4);

  test('is tried on addresses of both kinds', () => {
    expect(refused.length).toBeGreaterThan(20);
    expect(allowed.length).toBeGreaterThan(5);
  });
  test.each(refused)('denies %s', (address) => expect(denied.check(address)).toBe(true));
  test.each(allowed)('does not deny %s', (address) => expect(denied.check(address)).toBe(false));

  test('lets through the ports that the guard does, and no others', () => {
    const ports = new Set<number>();
    for (const range of read('webhook-ports.json') as readonly string[]) {
      const [first, last = first] = range.split('-').map(Number);
      for (let port = first ?? 0; port <= (last ?? 0); port += 1) ports.add(port);
    }
    const target = { protocol: 'https:', hostname: 'example.com', username: '', password: '' };
    const differ = Array.from({ length: 65_535 }, (_, at) => at + 1).filter((port) => {
      const why = refusedTarget({ ...target, port: `${port}` }, { allowLoopback: false, ownHosts: [] });
      return ports.has(port) !== (why === null);
    });
    expect(differ).toEqual([]);
  });
});

test('the bucket deletes nothing that is still in a document', () => {
  const { files, objects } = read('retention.json') as Record<'files' | 'objects', { days: number }>;
  expect(files.days * DAY).toBeGreaterThan(DEFAULT_SETTINGS.fileRetentionMs + DEFAULT_SETTINGS.uploadTransferMs);
  expect(objects.days * DAY).toBeGreaterThan(MAX_RETENTION_MS);
});
