import { createServer, type Server } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refusedAddress } from '../../domain/address.policy.ts';
import { AddressRefusedError } from '../../domain/errors.ts';
import type { Http } from '../../domain/ports.ts';
import { createHttp, type ResolveAll } from '../../host/http.ts';
import { MAY_BE_CALLED, REFUSED_BY_LOOKUP, REFUSED_BY_TEXT, REFUSED_URLS } from './ssrf-vectors.ts';

/** A listener on every loopback address there is: a single connection is a hole. */
let server: Server;
let port = 0;
let connections = 0;
beforeAll(async () => {
  server = createServer((_, response) => response.end('reached'));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

const looked: string[] = [];
/** Answers from the tables, a further answer for each further look-up of a name. */
const resolve: ResolveAll = (hostname, callback) => {
  const answers = REFUSED_BY_LOOKUP[hostname] ?? [];
  const answer = answers[Math.min(looked.filter((name) => name === hostname).length, answers.length - 1)] ?? [];
  looked.push(hostname);
  callback(
    null,
    answer.map((address) => ({ address, family: isIP(address) })),
  );
};

const strict = createHttp({ allowLoopback: false, ownHosts: ['api.slipway.example'], resolve });
const local = createHttp({ allowLoopback: true, ownHosts: ['api.slipway.example'], resolve });

const get = (http: Http, url: string): Promise<unknown> =>
  http.send({ url, method: 'GET', headers: {}, timeoutMs: 20_000, maxResponseBytes: 100 });

async function expectRefusal(http: Http, url: string): Promise<void> {
  const before = connections;
  await expect(get(http, url)).rejects.toThrow(AddressRefusedError);
  expect(connections).toBe(before);
}

describe.each(Object.entries(REFUSED_BY_TEXT))('%s', (_, hosts) => {
  test.each(hosts)('%s is refused at registration and at delivery', async (host) => {
    expect(() => strict.check(`https://${host}/`)).toThrow(AddressRefusedError);
    const lookups = looked.length;
    await expectRefusal(strict, `http://${host}:${port}/`);
    expect(looked).toHaveLength(lookups);
  });
});

describe('a URL that confuses', () => {
  test.each(REFUSED_URLS)('%j is refused at registration and at delivery', async (url) => {
    expect(() => strict.check(url)).toThrow(AddressRefusedError);
    await expectRefusal(strict, url);
  });
});

describe('a name that leads astray', () => {
  test.each(Object.keys(REFUSED_BY_LOOKUP))('%s is refused when it is looked up', async (name) => {
    expect(() => strict.check(`https://${name}/`)).not.toThrow();
    await expectRefusal(strict, `http://${name}:${port}/`);
    await expectRefusal(strict, `https://${name}:${port}/`);
  });

  test('and rebinds is refused by each look-up anew: nothing is remembered from the good one', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    let lookups = 0;
    const http = createHttp({
      allowLoopback: true,
      resolve: (_, callback) =>
        callback(
          null,
          (answers[lookups++] ?? []).map((address) => ({ address, family: 4 })),
        ),
    });
    expect(await get(http, `http://rebind.example.com:${port}/`)).toMatchObject({ status: 200 });
    await expectRefusal(http, `http://rebind.example.com:${port}/`);
    expect(lookups).toBe(2);
  });

  test('with no address at all is a failure, not a refusal', async () => {
    await expect(get(strict, 'http://nowhere.example.com/')).rejects.toMatchObject({ name: 'HttpFailure' });
  });
});

describe('what may be called', () => {
  test.each(MAY_BE_CALLED)('%s passes', (host) => {
    expect(() => strict.check(`https://${host}/hook?x=1`)).not.toThrow();
    expect(() => strict.check(`http://${host}/`)).not.toThrow();
  });
});

describe('the embedded engine', () => {
  test.each(['127.0.0.1', '127.0.0.2', 'localhost', '[::1]'])('reaches %s', async (host) => {
    const http = createHttp({ allowLoopback: true });
    expect(await get(http, `http://${host}:${port}/`)).toMatchObject({ status: 200, body: Buffer.from('reached') });
  });

  const others = Object.entries(REFUSED_BY_TEXT)
    .filter(([group]) => !group.startsWith('loopback'))
    .flatMap(([, hosts]) => hosts)
    .filter((host) => !/localhost|^ⓛ|^\[::1\]$|^\[0:0:0:0:0:0:0:1\]$/i.test(host) || host.startsWith('a.'));
  test.each(others)('and still not %s', async (host) => {
    expect(() => local.check(`http://${host}/`)).toThrow(AddressRefusedError);
    await expectRefusal(local, `http://${host}:${port}/`);
  });
});

describe('the classification', () => {
  test('refuses what is no address, whatever it is', () => {
    for (const text of ['', 'x', '1.2.3', '1.2.3.4.5', ':::', 'localhost']) {
      expect(refusedAddress(text, { allowLoopback: true })).not.toBeNull();
    }
  });
});
