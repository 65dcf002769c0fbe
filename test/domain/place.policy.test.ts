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

/** So many that each place which may be given is. */
const PICKS = Array.from({ length: 64 }, (_, n) => n / 64);

test.each([
  { taken: [], limit: 3, places: [0, 1, 2] },
  { taken: [0, 2], limit: 4, places: [1, 3] },
  { taken: [4, 7], limit: 2, places: [] },
  // As many of them as may be claimed, the first ones, so that claims at once meet in the same place.
  { taken: [7], limit: 2, places: [0] },
  { taken: [1, 7], limit: 3, places: [0] },
  { taken: [7], limit: 3, places: [0, 1] },
  { taken: [2, 5, 9], limit: 5, places: [0, 1] },
])('of $limit places with $taken taken, no pick gives another than $places', ({ taken, limit, places }) => {
  const given = new Set(PICKS.map((pick) => freePlace(taken, limit, pick)));
  expect([...given]).toEqual(places.length === 0 ? [null] : places);
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
