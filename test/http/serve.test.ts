import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { CloudEvent, HTTP } from 'cloudevents';
import { PoisonEventError } from '../../domain/errors.ts';
import { decodeObject } from '../../eventarc/decode.ts';
import { httpHandler } from '../../functions/http/answer.ts';
import { parseJson } from '../../functions/http/parse.ts';
import { bearerGuard, serveFunction, type Served } from '../../functions/serve.ts';
import type { ServedFunction } from '../../functions/served-function.ts';
import { capturedLog } from '../local/capture-log.ts';

const TOKEN = 'a-secret-of-this-start';
const log = capturedLog();
let served: Served | undefined;
afterEach(() => served?.close());

async function serve(fn: ServedFunction): Promise<Served> {
  served = await serveFunction('under-test', fn, bearerGuard(TOKEN), { host: '127.0.0.1', port: 0, log });
  return served;
}

const echo: ServedFunction = {
  kind: 'http',
  handler: httpHandler(log, async ({ rawBody }) => ({ status: 200, body: { got: parseJson(rawBody) } })),
};

const post = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    ...init,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...init.headers },
  });

describe('a function whose instances cannot work at once', () => {
  test('says so at its start path, without a token, until it can; and is closed otherwise', async () => {
    let way: Error | null = new Error('there is no way out yet');
    const ready = async (): Promise<void> => {
      if (way !== null) throw way;
    };
    served = await serveFunction('under-test', echo, bearerGuard(TOKEN), { host: '127.0.0.1', port: 0, log, ready });
    const { url } = served;
    const asked = (path: string, method = 'GET'): Promise<number> =>
      fetch(`${url}${path}`, { method }).then(({ status }) => status);
    expect(await asked('/startup')).toBe(503);
    way = null;
    expect(await asked('/startup')).toBe(204);
    expect([await asked('/startup', 'POST'), await asked('/startup/'), await asked('/')]).toEqual([401, 401, 401]);
  });

  test('is asked nothing where it can', async () => {
    const { url } = await serve(echo);
    expect((await fetch(`${url}/startup`)).status).toBe(401);
  });
});

describe('a private function', () => {
  test.each([
    ['no token', ''],
    ['another token', `Bearer ${TOKEN}x`],
    ['half of it', `Bearer ${TOKEN.slice(0, 5)}`],
    ['another scheme', `Basic ${TOKEN}`],
  ])('is closed to %s', async (_, authorization) => {
    const { url } = await serve(echo);
    const answer = await post(url, { body: '{}', headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'unauthenticated' });
  });

  test('gets the bytes of the body, whatever it says of them', async () => {
    const { url } = await serve(echo);
    for (const type of [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/cloudevents+json',
    ]) {
      const answer = await post(`${url}/claim`, { body: '{"a":1}', headers: { 'content-type': type } });
      expect(await answer.json()).toEqual({ got: { a: 1 } });
    }
  });

  test('answers what cannot be read with a problem, not with a page', async () => {
    const { url } = await serve(echo);
    const answer = await post(url, { body: '{"a":' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({ code: 'invalid_json' });
  });

  test('takes no packed body, which could grow to anything', async () => {
    const { url } = await serve(echo);
    expect((await post(url, { body: 'x', headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
  });

  test('turns whatever its handler throws into a problem, and lives', async () => {
    const { url } = await serve({
      kind: 'http',
      handler: httpHandler(log, async ({ url: path }) => {
        if (path === '/bad') throw new TypeError('undefined is not a job');
        return { status: 204 };
      }),
    });
    const answer = await post(`${url}/bad`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('undefined');
    expect((await post(url)).status).toBe(204);
  });
});

describe('an event function', () => {
  const send = (url: string, data: object): Promise<Response> => {
    const { headers, body } = HTTP.binary(
      new CloudEvent({ type: 't', source: '//s', data, document: 'jobs/a/events/1' }),
    );
    return post(url, { headers: headers as Record<string, string>, body: body as string });
  };

  test('gets the event, with its attributes', async () => {
    const seen: CloudEvent<unknown>[] = [];
    const { url } = await serve({ kind: 'cloudEvent', handler: async (event) => void seen.push(event) });
    expect((await send(url, { a: 1 })).status).toBe(204);
    expect(seen[0]).toMatchObject({ type: 't', document: 'jobs/a/events/1' });
    expect(decodeObject(seen[0]?.data)).toEqual({ a: 1 });
  });

  test('acknowledges what cannot be understood and asks for the rest again, logging both', async () => {
    // The framework writes what it is about to answer 500 for.
    const quiet = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { url } = await serve({
      kind: 'cloudEvent',
      handler: async (event) => {
        throw decodeObject(event.data)['poison'] === true ? new PoisonEventError('garbage') : new Error('not now');
      },
    });
    expect((await send(url, { poison: true })).status).toBe(204);
    expect((await send(url, { poison: false })).status).toBe(500);
    quiet.mockRestore();
    const acks = log.lines.filter((line) => line.message === 'event failed').map((line) => line.fields['ack']);
    expect(acks).toEqual(['ack', 'retry']);
  });
});

describe('a served function', () => {
  test('closes promptly though a request is open and a connection idle, once or twice', async () => {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const open = await serve({
      kind: 'http',
      handler: httpHandler(log, (_, signal) => {
        signal.addEventListener('abort', () => gone.resolve());
        begun.resolve();
        return new Promise<never>(() => undefined);
      }),
    });
    const asked = post(open.url, { body: '{}' }).catch((error: unknown) => error);
    await begun.promise;
    await Promise.all([open.close(), open.close()]);
    await open.close();
    await gone.promise;
    expect(await asked).toHaveProperty('message', 'fetch failed');
    await expect(post(open.url)).rejects.toThrow();
  });

  test('says so when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, log };
    await expect(serveFunction('under-test', echo, bearerGuard(TOKEN), options)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    taken.close();
  });

  test('answers garbage on a connection that has been answered before', async () => {
    const { url } = await serve(echo);
    const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 0\r\n\r\n`);
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 200 /);
    socket.write('garbage\r\n\r\n');
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 400 /);
    await once(socket, 'close');
    expect((await post(url, { body: '{}' })).status).toBe(200);
  });
});
