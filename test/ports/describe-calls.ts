import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Calls, Due } from '../../domain/ports.ts';
import { decodeIds } from '../../eventarc/decode.ts';
import { EVENT_TYPES } from '../../eventarc/events.ts';
import type { Guard } from '../../functions/http/guard.ts';
import { serveFunction, type Served } from '../../functions/serve.ts';
import type { ServedFunction } from '../../functions/served-function.ts';
import { capturedLog } from '../local/capture-log.ts';

export interface CallsUnderTest {
  readonly calls: Calls;
  close(): Promise<void>;
}

const CALLED = ['dispatch', 'on-job-event', 'deliver-webhook'] as const;

/**
 * What every engine's Calls must do, seen from the functions that are called.
 * @param guardOf lets in what this engine's calls show, and nothing else
 */
export function describeCalls(
  name: string,
  guardOf: (called: keyof Due) => Guard,
  makeCalls: (urls: Readonly<Record<keyof Due, string>>) => Promise<CallsUnderTest>,
): void {
  describe(`Calls on ${name}`, () => {
    const got: [string, object][] = [];
    const served: Served[] = [];
    let underTest: CallsUnderTest;
    let fails = false;

    const functionOf = (called: keyof Due): ServedFunction => {
      const take = (body: unknown): void => {
        got.push([called, decodeIds(body, called === 'dispatch' ? ['slots', 'jobs', 'queues'] : [LISTS[called]])]);
        if (fails) throw new Error('not now');
      };
      if (called !== 'deliver-webhook') {
        return {
          kind: 'cloudEvent',
          handler: async ({ type, data }) => {
            expect(type).toBe(EVENT_TYPES.due);
            take(data);
          },
        };
      }
      return {
        kind: 'http',
        handler: async ({ rawBody }, response) => {
          try {
            take(rawBody);
            response.writeHead(204).end();
          } catch {
            response.writeHead(500).end();
          }
        },
      };
    };

    beforeAll(async () => {
      // The framework writes what it is about to answer 500 for.
      jest.spyOn(console, 'error').mockImplementation(() => undefined);
      const urls: [keyof Due, string][] = [];
      for (const called of CALLED) {
        const options = { host: '127.0.0.1', port: 0, log: capturedLog() };
        const one = await serveFunction(called, functionOf(called), guardOf(called), options);
        served.push(one);
        urls.push([called, one.url]);
      }
      underTest = await makeCalls(Object.fromEntries(urls) as Record<keyof Due, string>);
    });
    afterAll(async () => {
      await underTest.close();
      for (const one of served) await one.close();
      jest.restoreAllMocks();
    });

    test('each function gets its ids, from a caller that it lets in', async () => {
      const dispatch = { slots: ['q@here~0'], jobs: ['a', 'b'], queues: [] };
      await underTest.calls.due('dispatch', dispatch);
      await underTest.calls.due('on-job-event', { events: ['jobs/a/events/1'], purges: ['jobs/b'] });
      await underTest.calls.due('deliver-webhook', { ids: ['a~1~job'] });
      expect(got.splice(0)).toEqual([
        ['dispatch', dispatch],
        ['on-job-event', { events: ['jobs/a/events/1'], purges: ['jobs/b'] }],
        ['deliver-webhook', { ids: ['a~1~job'] }],
      ]);
    });

    test('a call that the function fails is an error, and is made once', async () => {
      fails = true;
      for (const [called, ids] of [
        ['dispatch', { slots: [], jobs: [], queues: ['q@here'] }],
        ['on-job-event', { events: [] }],
        ['deliver-webhook', { ids: [] }],
      ] as const) {
        await expect(underTest.calls.due(called, ids as never)).rejects.toThrow(/500/);
      }
      expect(got.splice(0)).toHaveLength(3);
      fails = false;
    });
  });
}

const LISTS = { 'on-job-event': 'events', 'deliver-webhook': 'ids' } as const;
