import { Agent, request } from 'undici';
import type { Bus, Clock, Log, Random } from '../domain/ports.ts';
import { NoTopicError } from '../domain/errors.ts';
import { DAY, MINUTE, SECOND } from '../domain/time.ts';
import { ROUTES, type FunctionName } from '../eventarc/routes.ts';
import { outgoing } from '../eventarc/topics.ts';
import { documentMessage, matchesDocument, pushMessage, topicMessage, type Message } from './bus-message.ts';
import type { SqliteStore } from './sqlite.ts';

/** One try at handing a message to one function. `name` is the topic, or the path of the document. */
export interface DeliveryAttempt {
  readonly via: Message['via'];
  readonly name: string;
  /** Rises from 1 with each redelivery. */
  readonly attempt: number;
}

export interface BusOptions {
  readonly store: Pick<SqliteStore, 'onCommit'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The delay in milliseconds of each copy to send: [] loses the message, [0, 50] doubles it. */
  readonly plan?: (delivery: DeliveryAttempt) => readonly number[];
  /** How many requests to one function may be open at a time; the rest wait. */
  readonly concurrency?: number;
  /** The delay before the first redelivery, doubled with each further one. */
  readonly backoffMs?: number;
  readonly maxBackoffMs?: number;
  /** How long a message is tried before it is given up. */
  readonly retentionMs?: number;
  /** How long a function has to answer: Eventarc's 10 s for an event; of a push subscription it is a setting. */
  readonly ackMs?: { readonly event: number; readonly push: number };
}

export interface FunctionAddress {
  readonly url: string;
  readonly token: string;
}

export interface LocalBus extends Bus {
  /** Begins to deliver; what was published before waits until then. */
  start(functions: Readonly<Record<FunctionName, FunctionAddress>>): void;
  /** Resolves when nothing is being delivered or waiting to be, redeliveries included. */
  idle(): Promise<void>;
  /** Drops what is left, breaks off what is on its way and takes nothing more in. Idempotent. */
  stop(): Promise<void>;
}

interface Copy {
  readonly message: Message;
  readonly attempt: number;
}

interface Lane {
  readonly waiting: Set<Copy>;
  readonly sending: Set<Copy>;
}

/** Another message that says the same; a copy of the very message does not count, so that repeats stay repeats. */
const hasEqual = (copies: ReadonlySet<Copy>, { message }: Copy): boolean =>
  message.says !== null &&
  [...copies].some((other) => other.message.says === message.says && other.message !== message);

/**
 * Pub/Sub, its push subscriptions and Eventarc's triggers, inside this process: topics by `publish`, documents by what the
 * store tells after a commit, to functions by ROUTES. At least once, in no order, and gone with the process: sweep finds what was lost.
 * An answer that is no 2xx, or none in time, means redelivery.
 */
export function localBus(options: BusOptions): LocalBus {
  const { clock, random, log, plan = () => [0] } = options;
  const { concurrency = 16, backoffMs = SECOND, maxBackoffMs = MINUTE, retentionMs = DAY } = options;
  const { ackMs = { event: 10 * SECOND, push: MINUTE } } = options;
  const agent = new Agent();
  const lanes = new Map<FunctionName, Lane>();
  const timers = new Set<() => void>();
  let functions: Readonly<Record<FunctionName, FunctionAddress>> | null = null;
  let pending = 0;
  let idlers: (() => void)[] = [];
  let isStopped = false;

  const settled = (): void => {
    if (--pending > 0) return;
    for (const resolve of idlers) resolve();
    idlers = [];
  };

  const later = (delayMs: number, fn: () => void): void => {
    const callOff = clock.after(delayMs, () => {
      timers.delete(callOff);
      fn();
    });
    timers.add(callOff);
  };

  const pump = (name: FunctionName): void => {
    const lane = lanes.get(name);
    if (lane === undefined || functions === null) return;
    for (const copy of lane.waiting) {
      if (lane.sending.size >= concurrency) return;
      // The one on its way may have looked already: this one looks once it is done.
      if (hasEqual(lane.sending, copy)) continue;
      lane.waiting.delete(copy);
      lane.sending.add(copy);
      void send(copy, functions[name]).then((delivered) => {
        lane.sending.delete(copy);
        if (isStopped) return;
        if (!delivered) retry(copy);
        settled();
        pump(name);
      });
    }
  };

  const enqueue = (copy: Copy): void => {
    const { function: name } = copy.message;
    const lane = lanes.get(name) ?? { waiting: new Set(), sending: new Set() };
    lanes.set(name, lane);
    // A burst of submissions nudges its queue once for all of them.
    if (hasEqual(lane.waiting, copy)) return settled();
    lane.waiting.add(copy);
    pump(name);
  };

  const deliver = (message: Message, attempt: number): void => {
    for (const delayMs of plan({ via: message.via, name: message.name, attempt })) {
      pending++;
      const copy = { message, attempt };
      if (delayMs <= 0) enqueue(copy);
      else later(delayMs, () => enqueue(copy));
    }
  };

  const retry = ({ message, attempt }: Copy): void => {
    const delayMs = Math.min(backoffMs * 2 ** (attempt - 1), maxBackoffMs);
    if (clock.nowMs() + delayMs - message.acceptedAtMs > retentionMs) {
      return log.error('message given up', { function: message.function, name: message.name, attempt });
    }
    pending++;
    later(delayMs, () => {
      deliver(message, attempt + 1);
      settled();
    });
  };

  const send = async ({ message, attempt }: Copy, { url, token }: FunctionAddress): Promise<boolean> => {
    const timeoutMs = message.via === 'push' ? ackMs.push : ackMs.event;
    let problem: string;
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { ...message.headers, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
        body: message.body,
        dispatcher: agent,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      await response.body.dump();
      if (response.statusCode >= 200 && response.statusCode < 300) return true;
      problem = `status ${response.statusCode}`;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (!isStopped) {
      log.error('message not acknowledged', { function: message.function, name: message.name, attempt, problem });
    }
    return false;
  };

  const accept = (make: (id: string, nowMs: number) => Message): void => {
    if (!isStopped) deliver(make(random.id(), clock.nowMs()), 1);
  };

  const stopListening = options.store.onCommit((created) => {
    for (const { path } of created) {
      for (const route of ROUTES) {
        if (route.via !== 'document' || !matchesDocument(route.document, path)) continue;
        accept((id, nowMs) => documentMessage(route.function, path, id, nowMs));
      }
    }
  });

  return {
    async publish(topic, message) {
      // Nobody outside could subscribe to a topic of this process.
      if (topic === 'job-events') throw new NoTopicError(`${outgoing(topic, message).topic} is not on one machine`);
      for (const route of ROUTES) {
        if (!('topic' in route) || route.topic !== topic) continue;
        const make = route.via === 'push' ? pushMessage : topicMessage;
        accept((id, nowMs) => make(route.function, topic, message, id, nowMs));
      }
    },

    start(addresses) {
      functions = addresses;
      for (const name of lanes.keys()) pump(name);
    },

    idle: () => new Promise((resolve) => (pending === 0 ? resolve() : idlers.push(resolve))),

    async stop() {
      isStopped = true;
      stopListening();
      for (const callOff of timers) callOff();
      timers.clear();
      lanes.clear();
      pending = 1;
      settled();
      if (!agent.destroyed) await agent.destroy();
    },
  };
}
