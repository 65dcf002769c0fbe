import type { PubSub, Topic as PubSubTopic } from '@google-cloud/pubsub';
import { NoTopicError } from '../domain/errors.ts';
import type { Bus, Clock } from '../domain/ports.ts';
import { outgoing } from '../eventarc/topics.ts';
import { CALL_MS, withDeadline } from './deadline.ts';
import type { Project } from './endpoints.ts';
import { lazy } from './lazy.ts';

export interface PubSubOptions extends Project {
  /** The topic of a message is `<name>-<topic>`. */
  readonly name: string;
  readonly clock: Clock;
  readonly callMs?: number;
}

/** gRPC's codes for a topic that is not there, and for one that this function's account may not publish to. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;

/** The name of a topic in its project. */
export const topicName = (name: string, topic: string): string => `${name}-${topic}`;

/**
 * Pub/Sub. Each publish is sent at once and awaited, since a function has no processor time after its answer. The client
 * repeats one that fails, which by itself would take a minute to give up; a message that comes twice, or later than its
 * publisher waited for it, does no harm here. No order is asked for and none is relied on.
 * @param options.callMs how long a publish may take; what it announces is stored, and sweep finds it
 */
export function pubsubBus(options: PubSubOptions): Bus {
  const client = lazy(async (): Promise<PubSub> => {
    const { PubSub: Client } = await import('@google-cloud/pubsub');
    const { projectId, endpoints } = options;
    if (endpoints.pubsub === undefined) return new Client({ projectId });
    const { googleAuthLibrary } = await import('google-gax');
    // Without a client of its own it would look for credentials, and for a metadata server that is not there.
    const authClient = new googleAuthLibrary.PassThroughClient();
    return new Client({ projectId, apiEndpoint: endpoints.pubsub, authClient });
  });
  const deadline = { clock: options.clock, callMs: options.callMs ?? CALL_MS.publish };
  const topics = new Map<string, PubSubTopic>();

  return {
    async publish(topic, message) {
      const pubsub = await client();
      const { topic: to, data, attributes } = outgoing(topic, message);
      const known = topics.get(to) ?? pubsub.topic(topicName(options.name, to), { batching: { maxMessages: 1 } });
      topics.set(to, known);
      try {
        await withDeadline(deadline, known.publishMessage({ data: Buffer.from(data), attributes }));
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (code !== NOT_FOUND && code !== PERMISSION_DENIED) throw error;
        throw new NoTopicError(`${known.name} cannot be published to`, { cause: error });
      }
    },
  };
}
