import { expect, test } from '@jest/globals';
import { freePlace, owesLook, roomFor } from '../../domain/place.policy.ts';

test.each([
  { taken: [], limit: 1, pick: 0, place: 0 },
  { taken: [0], limit: 1, pick: 0, place: null },
  { taken: [0, 2], limit: 4, pick: 0, place: 1 },
  { taken: [0, 2], limit: 4, pick: 0.99, place: 3 },
  // The limit was lowered: who has a place beyond it counts until it is given up.
  { taken: [4, 7], limit: 2, pick: 0, place: null },
  { taken: [7], limit: 2, pick: 0, place: 0 },
])('of $limit places with $taken taken, $place is free at $pick', ({ taken, limit, pick, place }) => {
  expect(freePlace(taken, limit, pick)).toBe(place);
});

test.each([
  { limit: null, held: 9, queued: 9, room: Infinity },
  { limit: 3, held: 1, queued: 1, room: 1 },
  { limit: 3, held: 2, queued: 1, room: 0 },
  { limit: 1, held: 5, queued: 2, room: 0 },
])('with $held held and $queued queued of $limit there is room for $room', ({ limit, held, queued, room }) => {
  expect(roomFor(limit, held, queued)).toBe(room);
});

test.each([
  [null, 'queued', null, false],
  [null, 'blocked', 'dependency', false],
  [null, 'blocked', 'tenant_limit', true],
  ['queued', 'blocked', 'tenant_limit', true],
  ['queued', 'running', null, false],
  ['queued', 'canceled', 'requested', true],
  ['queued', 'expired', 'start_deadline', true],
  ['blocked', 'queued', null, false],
  ['blocked', 'canceled', 'requested', false],
  ['running', 'canceling', 'requested', false],
  ['running', 'succeeded', null, true],
  ['running', 'queued', 'worker_lost', true],
  ['running', 'blocked', 'backoff', true],
  ['canceling', 'canceled', null, true],
] as const)('%s -> %s (%s) may leave a place with nobody on the way to it: %s', (from, to, reason, owes) => {
  expect(owesLook({ from, to, reason })).toBe(owes);
});
