import { describe, expect, test } from '@jest/globals';
import { outgoing, requesterOf, requestTopicOf } from '../../eventarc/topics.ts';
import { topicName } from '../../cloud/pubsub.ts';

const source = (topic: string): string => `//pubsub.googleapis.com/projects/p/topics/${topic}`;

describe('the tenant of a topic', () => {
  test.each([
    [source('slipway-job-requests-acme'), 'acme'],
    [source('slipway-job-requests-a-9'), 'a-9'],
    [source('slipway-job-requests-a-job-requests-b'), 'a-job-requests-b'],
    [source('slipway-job-requests-'), null],
    [source('slipway-job-requests-9a'), null],
    [source('slipway-job-requests-ACME'), null],
    [source(`slipway-job-requests-${'a'.repeat(41)}`), null],
    [source('slipway-job-requests-9-job-requests-acme'), null],
    [source('job-requests-acme'), null],
    [source('other-job-requests-acme'), null],
    [source('slipway-nudges'), null],
    [source('slipway-job-requests-acme/x'), null],
    ['//pubsub.googleapis.com/projects/p/subscriptions/slipway-job-requests-acme', null],
    ['//elsewhere/projects/p/topics/slipway-job-requests-acme', null],
    ['slipway-job-requests-acme', null],
  ])('%s is %j', (from, tenant) => {
    expect(requesterOf(from, 'slipway-')).toBe(tenant);
  });

  test('makes a name that Pub/Sub takes, however long the two are', () => {
    const longest = topicName('s'.repeat(31), requestTopicOf('a'.repeat(40)));
    expect(longest).toMatch(/^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/);
  });
});

test('what leaves the deployment has attributes to filter by, and the rest has none', () => {
  const rejected = { rejection: 'r', tenant: 'acme', code: 'invalid_json', reason: 'no', idempotencyKey: null };
  expect(outgoing('job-rejections', rejected).attributes).toEqual({ tenant: 'acme', code: 'invalid_json' });
  expect(outgoing('job-rejections', { ...rejected, tenant: null }).attributes).toEqual({ code: 'invalid_json' });
  const event = { tenant: 'acme', id: 'j~3', type: 'job.failed', sequence: 3, body: '{"type":"job.failed"}' };
  expect(outgoing('job-events', event)).toEqual({
    topic: 'job-events-acme',
    data: event.body,
    attributes: { id: 'j~3', type: 'job.failed', sequence: '3' },
  });
  expect(outgoing('nudges', { queue: 'q' })).toEqual({ topic: 'nudges', data: '{"queue":"q"}', attributes: {} });
});
