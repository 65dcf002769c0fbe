import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Delivery } from '../../domain/contract/delivery.ts';
import { create, refs } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import type { Deps } from '../../functions/deps.ts';
import { createHttp } from '../../host/http.ts';
import { systemRandom } from '../../host/random.ts';
import { openStore } from '../../local/sqlite.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { newFolder } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
export const BODY = '{"type":"job.succeeded","data":{"id":"j1","name":"Ü"}}';
export const ID = 'j1~3~job';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver and the parts that deliver to it: real store and HTTP, time that passes when the test says so, no jitter. */
export interface DeliveryRig {
  readonly clock: ManualClock;
  readonly log: CapturedLog;
  readonly url: string;
  readonly received: Received[];
  /** How the receiver answers the next requests; 200 when there is none left. */
  readonly answers: ((response: ServerResponse) => void)[];
  readonly deps: Deps;
  /** Stores the delivery ID, due now, and its secret. */
  owe(overrides?: Partial<Delivery>, secret?: string | null): Promise<void>;
  read(): Promise<Delivery>;
  stop(): void;
}

export async function deliveryRig(): Promise<DeliveryRig> {
  // The signature is checked against the real time.
  const clock = manualClock(Date.now());
  const store = openStore(join(newFolder(), 'slipway.db'), { clock });
  const log = capturedLog();
  const received: Received[] = [];
  const answers: DeliveryRig['answers'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      (answers.shift() ?? ((one) => one.end('ok')))(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const settings = { ...DEFAULT_SETTINGS, deliveryTimeoutMs: 400 };
  const http = createHttp({ allowLoopback: true });
  return {
    clock,
    log,
    url,
    received,
    answers,
    deps: { store, clock, log, settings, http, random: { ...systemRandom, unit: () => 0 } } as unknown as Deps,
    async owe(overrides = {}, secret = SECRET) {
      const nowMs = clock.nowMs();
      const delivery: Delivery = {
        schema: 1,
        id: ID,
        tenant: 'acme',
        jobId: 'j1',
        seq: 3,
        endpoint: 'job',
        url,
        type: 'job.succeeded',
        body: BODY,
        state: 'pending',
        claims: 0,
        attempts: [],
        nextAtMs: nowMs,
        createdAtMs: nowMs,
        ...overrides,
      };
      await store.commit([
        create(refs.delivery(delivery.id), delivery),
        create(refs.jobPrivate('j1'), { schema: 1, webhookSecret: secret }),
      ]);
    },
    async read() {
      const found = await store.get(refs.delivery(ID));
      if (found === null) throw new Error('no delivery');
      return found.data;
    },
    stop() {
      server.close().closeAllConnections();
      store.close();
    },
  };
}

/** An answer of the receiver. */
export const status =
  (code: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end(body);
