import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pubsubBus } from '../../cloud/pubsub.ts';
import type { Bus } from '../../domain/ports.ts';
import { CallError, startGrpcServer, status, type GrpcServer } from '../../emulators/grpc-server.ts';
import { systemClock } from '../../host/clock.ts';

let answer: status;
let server: GrpcServer;
let patient: Bus;
let hurried: Bus;
beforeAll(async () => {
  server = await startGrpcServer('@google-cloud/pubsub', {
    'google.pubsub.v1.Publisher': {
      publish: () => {
        throw new CallError(answer, 'no');
      },
    },
  });
  const endpoints = { pubsub: server.address } as Parameters<typeof pubsubBus>[0]['endpoints'];
  const at = { projectId: 'test', name: 'test', endpoints, clock: systemClock };
  // The client repeats what may yet be published, for as long as it is given.
  [patient, hurried] = [pubsubBus({ ...at, callMs: 20_000 }), pubsubBus({ ...at, callMs: 500 })];
});
afterAll(() => server.stop());

const outcome = (bus: Bus): Promise<string> =>
  bus.publish('nudges', { queue: 'q@here' }).then(
    () => 'published',
    (error: Error) => error.name,
  );

test.each([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'PERMISSION_DENIED',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
] as const)('a topic that answers %s can be published to by no repeat', async (code) => {
  answer = status[code];
  expect(await outcome(patient)).toBe('NoTopicError');
});

test.each(['CANCELLED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'UNAUTHENTICATED'] as const)(
  'one that answers %s may be published to a little later',
  async (code) => {
    answer = status[code];
    expect(await outcome(hurried)).not.toBe('NoTopicError');
  },
);
