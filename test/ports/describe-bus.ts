import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { CloudEvent } from 'cloudevents';
import { NoTopicError } from '../../domain/errors.ts';
import { create, type Bus, type Store } from '../../domain/ports.ts';
import { decodeDocumentPath } from '../../eventarc/decode-document.ts';
import { decodeMessage } from '../../eventarc/decode.ts';
import { EVENT_TYPES } from '../../eventarc/events.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../eventarc/routes.ts';
import { bearerGuard, serveFunction, type Served } from '../../functions/serve.ts';
import type { ServedFunction } from '../../functions/served-function.ts';
import { capturedLog } from '../local/capture-log.ts';
import { anEvent, aSlot, fresh } from './documents.ts';

/** A bus that delivers to the functions at `addressOf`, and the store whose created documents it tells of. */
export interface BusUnderTest {
  readonly bus: Bus;
  readonly store: Store;
  close(): Promise<void>;
}

type AddressOf = (name: FunctionName) => { readonly url: string; readonly token: string };

/** One arrival: which function, and what was said, by the same decoders that the functions use. */
interface Arrival {
  readonly function: FunctionName;
  readonly id: string;
  readonly says: string;
}

/** What every engine's Bus must do, seen from the functions at its other end. */
export function describeBus(name: string, makeBus: (addressOf: AddressOf) => Promise<BusUnderTest>): void {
  describe(`Bus on ${name}`, () => {
    const arrivals: Arrival[] = [];
    const refusals = new Map<string, number>();
    let look = (): void => undefined;
    let underTest: BusUnderTest;
    const served: Served[] = [];

    const arrive = (arrival: Arrival): void => {
      arrivals.push(arrival);
      look();
      const left = refusals.get(arrival.says) ?? 0;
      refusals.set(arrival.says, left - 1);
      if (left > 0) throw new Error('not now');
    };
    const functionOf = (of: FunctionName): ServedFunction => {
      if (of === 'deliver-webhook') {
        return {
          kind: 'http',
          handler: async ({ rawBody }, response) => {
            try {
              arrive({ function: of, id: '', says: String(decodeMessage(rawBody)['delivery']) });
              response.writeHead(204).end();
            } catch {
              response.writeHead(500).end();
            }
          },
        };
      }
      return {
        kind: 'cloudEvent',
        handler: async (event) => arrive({ function: of, id: event.id, says: saidBy(event) }),
      };
    };

    beforeAll(async () => {
      // The framework writes what it is about to answer 500 for.
      jest.spyOn(console, 'error').mockImplementation(() => undefined);
      const urls = new Map<FunctionName, string>();
      for (const of of FUNCTION_NAMES) {
        const options = { host: '127.0.0.1', port: 0, log: capturedLog() };
        const one = await serveFunction(
          of,
          functionOf(of),
          bearerGuard(`token of ${of}`.replaceAll(' ', '-')),
          options,
        );
        served.push(one);
        urls.set(of, one.url);
      }
      underTest = await makeBus((of) => ({ url: urls.get(of) ?? '', token: `token-of-${of}` }));
    });
    afterAll(async () => {
      await underTest.close();
      for (const one of served) await one.close();
      jest.restoreAllMocks();
    });

    const until = (isDone: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        look = () => isDone() && resolve();
        look();
      });
    const of = (says: string): Arrival[] => arrivals.filter((arrival) => arrival.says === says);

    test('each message arrives at the functions of its topic', async () => {
      const [queue, event, delivery] = [`${fresh()}@here`, `jobs/${fresh()}/events/1`, fresh()];
      await underTest.bus.publish('nudges', { queue });
      await underTest.bus.publish('events', { event });
      await underTest.bus.publish('deliveries', { delivery });
      await until(() => [queue, event, delivery].every((says) => of(says).length > 0));
      expect([queue, event, delivery].map((says) => of(says)[0]?.function)).toEqual([
        'dispatch',
        'on-job-event',
        'deliver-webhook',
      ]);
    });

    test('a created document arrives where a route says so, and no other does', async () => {
      const event = anEvent(fresh(), 3);
      const slot = aSlot();
      await underTest.store.commit([create(slot.ref, slot.data), create(event.ref, event.data)]);
      await until(() => of(event.ref.path).length > 0);
      expect(of(event.ref.path)[0]?.function).toBe('on-job-event');
      expect(of(slot.ref.path)).toEqual([]);
    });

    test('what a function does not acknowledge comes again, as the same event', async () => {
      const queue = `${fresh()}@here`;
      const event = anEvent(fresh(), 1);
      const delivery = fresh();
      for (const says of [queue, event.ref.path, delivery]) refusals.set(says, 1);
      await Promise.all([
        underTest.bus.publish('nudges', { queue }),
        underTest.bus.publish('deliveries', { delivery }),
        underTest.store.commit([create(event.ref, event.data)]),
      ]);
      await until(() => [queue, event.ref.path, delivery].every((says) => of(says).length > 1));
      for (const says of [queue, event.ref.path, delivery]) {
        expect(new Set(of(says).map((arrival) => arrival.id)).size).toBe(1);
      }
    });

    test('a message that no function reads is taken', async () => {
      const rejected = { rejection: fresh(), tenant: null, code: 'invalid_json', reason: '', idempotencyKey: null };
      await underTest.bus.publish('job-rejections', rejected);
    });

    test('a tenant’s topic that is not there is said to be none', async () => {
      const event = { tenant: 'nobody', id: 'a~1', type: 'job.failed', sequence: 1, body: '{}' };
      await expect(underTest.bus.publish('job-events', event)).rejects.toThrow(NoTopicError);
    });

    test('of 200 messages at once none is lost', async () => {
      const queues = Array.from({ length: 200 }, () => `${fresh()}@here`);
      await Promise.all(queues.map((queue) => underTest.bus.publish('nudges', { queue })));
      await until(() => queues.every((queue) => of(queue).length > 0));
    });
  });
}

function saidBy({ type, data, ...attributes }: CloudEvent<unknown>): string {
  if (type === EVENT_TYPES.documentCreated) return decodeDocumentPath(data, attributes['document']);
  const message = decodeMessage(data);
  return String(message['queue'] ?? message['event']);
}
