import type { IncomingMessage } from 'node:http';
import type { Caller } from './authenticate.ts';
import type { RouteMatch } from './router.ts';

/** What the guard found out about a request: whose it is (null: of somebody without a key), and what it asks for. */
export interface Admission {
  readonly caller: Caller | null;
  readonly match: RouteMatch;
}

/** Kept beside the request and not in its headers, which are the client's to write. */
const admissions = new WeakMap<IncomingMessage, Admission>();

export const admit = (request: IncomingMessage, admission: Admission): void => {
  admissions.set(request, admission);
};

/** Requests by which a browser asks whether it may ask. */
const preflights = new WeakSet<IncomingMessage>();

export const admitPreflight = (request: IncomingMessage): void => void preflights.add(request);
export const isPreflight = (request: IncomingMessage): boolean => preflights.has(request);

/** Null for a request that has not come through the guard. */
export const admissionOf = (request: IncomingMessage): Admission | null => admissions.get(request) ?? null;
