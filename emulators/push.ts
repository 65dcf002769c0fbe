import { Agent, request } from 'undici';
import type { Log } from '../domain/ports.ts';
import { MINUTE, SECOND } from '../domain/time.ts';
import { EVENT_TYPES, type PushEnvelope } from '../eventarc/events.ts';
import type { FunctionName, Route } from '../eventarc/routes.ts';
import type { BusOptions, FunctionAddress } from '../local/bus.ts';
import { bodyOf, startHttpServer } from './http-server.ts';

/** A route over which events come. */
export type EventRoute = Extract<Route, { via: 'topic' | 'tenant-topic' | 'document' | 'push' }>;

export interface PushGateway {
  /** Where a subscription of this route is to push to; `topic` is the full name of its topic. */
  endpointOf(route: EventRoute, topic: string): string;
  stop(): Promise<void>;
}

type Plan = NonNullable<BusOptions['plan']>;

type Envelope = PushEnvelope & { readonly message: { readonly attributes?: Readonly<Record<string, string>> } };

/** How long a function has to answer: Eventarc's 10 s for an event; of a subscription of our own it is a setting. */
const ANSWER_MS = { topic: 10 * SECOND, 'tenant-topic': 10 * SECOND, document: 10 * SECOND, push: MINUTE } as const;
/** Redelivered messages whose tries are still counted, for a plan. */
const COUNTED = 10_000;

/**
 * The end of Eventarc that speaks to functions. The Pub/Sub emulator pushes plain envelopes and can show no token: here they
 * become what Eventarc makes of them, and get the function's own. What a function answers is what the emulator is told, so
 * that repeating and giving up are Pub/Sub's.
 * @param options.plan as of the local bus: what becomes of each try, for tests that lose or repeat messages
 */
export async function startPushGateway(options: {
  readonly projectId: string;
  readonly routes: readonly EventRoute[];
  readonly addressOf: (name: FunctionName) => FunctionAddress;
  readonly log: Log;
  readonly plan?: Plan | undefined;
}): Promise<PushGateway> {
  const { projectId, routes, addressOf, log, plan } = options;
  const agent = new Agent();
  const tries = new Map<string, number>();
  let isStopped = false;

  const send = async (route: EventRoute, topic: string, envelope: Envelope): Promise<boolean> => {
    const { url, token } = addressOf(route.function);
    const { headers, body } = carried(projectId, route, topic, envelope);
    const timeout = ANSWER_MS[route.via];
    let problem: string;
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${token}` },
        body,
        dispatcher: agent,
        headersTimeout: timeout,
        bodyTimeout: timeout,
      });
      await response.body.dump();
      if (response.statusCode >= 200 && response.statusCode < 300) return true;
      problem = `status ${response.statusCode}`;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (!isStopped) log.error('message not acknowledged', { function: route.function, problem });
    return false;
  };

  const attemptOf = (key: string): number => {
    const attempt = (tries.get(key) ?? 0) + 1;
    tries.delete(key);
    tries.set(key, attempt);
    const [oldest] = tries.keys();
    if (tries.size > COUNTED && oldest !== undefined) tries.delete(oldest);
    return attempt;
  };

  const copiesOf = (route: EventRoute, topic: string, envelope: Envelope): readonly number[] => {
    if (plan === undefined) return [0];
    const { via } = route;
    const name =
      via === 'document'
        ? (envelope.message.attributes?.['ce-document'] ?? '')
        : via === 'tenant-topic'
          ? topic
          : route.topic;
    return plan({
      via: via === 'tenant-topic' ? 'topic' : via,
      name,
      attempt: attemptOf(`${route.function} ${envelope.message.messageId}`),
    });
  };

  const server = await startHttpServer(async (incoming, response) => {
    const [, index, topic] = (incoming.url ?? '').split('/');
    const route = routes[Number(index)];
    if (route === undefined || topic === undefined) return void response.writeHead(404).end();
    const envelope = JSON.parse((await bodyOf(incoming)).toString('utf8')) as Envelope;
    const sent = await Promise.all(
      copiesOf(route, topic, envelope).map(async (delayMs) => {
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        return send(route, topic, envelope);
      }),
    );
    response.writeHead(sent.every(Boolean) ? 204 : 500).end();
  });
  return {
    endpointOf: (route, topic) => `${server.url}/${routes.indexOf(route)}/${topic}`,
    stop: async () => {
      isStopped = true;
      await server.stop();
      await agent.destroy();
    },
  };
}

/** A pushed envelope as the request that its function gets. */
function carried(
  projectId: string,
  route: EventRoute,
  topic: string,
  envelope: Envelope,
): { readonly headers: Record<string, string>; readonly body: string | Buffer } {
  const { message } = envelope;
  switch (route.via) {
    case 'push':
      return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(envelope) };
    case 'topic':
    case 'tenant-topic':
      return {
        headers: {
          'content-type': 'application/json',
          'ce-specversion': '1.0',
          'ce-type': EVENT_TYPES.message,
          'ce-source': `//pubsub.googleapis.com/projects/${projectId}/topics/${topic}`,
          'ce-id': message.messageId,
          'ce-time': message.publishTime,
        },
        body: JSON.stringify(envelope),
      };
    case 'document':
      return { headers: { ...message.attributes }, body: Buffer.from(message.data, 'base64') };
  }
}
