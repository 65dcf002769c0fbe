import type { PubSub } from '@google-cloud/pubsub';
import type { Log } from '../domain/ports.ts';
import { ROUTES, type FunctionName } from '../eventarc/routes.ts';
import type { BusOptions, FunctionAddress } from '../local/bus.ts';
import { topicName } from '../cloud/pubsub.ts';
import { eventTopicOf } from '../eventarc/topics.ts';
import { watchDocuments, type DocumentEvent } from './document-events.ts';
import { startPushGateway, type EventRoute } from './push.ts';

export interface Eventarc {
  /** Makes the topics of a tenant, as Terraform does for one that a deployment names. Idempotent. */
  openTopicsOf(tenant: string): Promise<void>;
  stop(): Promise<void>;
}

const ACK_SECONDS = { topic: 10, 'tenant-topic': 10, document: 10, push: 60 } as const;
/** After so many tries a message of a subscription of our own goes to its dead letter. */
const MOST_TRIES = 20;

/**
 * What Terraform makes on Google Cloud, made on the emulators: a topic for each message, a push subscription for each way into
 * a function, and for document events, as Eventarc itself does it, a topic between the trigger and the function.
 */
export async function startEventarc(options: {
  readonly projectId: string;
  readonly name: string;
  readonly firestore: string;
  readonly pubsub: string;
  readonly addressOf: (name: FunctionName) => FunctionAddress;
  readonly log: Log;
  readonly plan?: BusOptions['plan'];
}): Promise<Eventarc> {
  const { projectId, name, log } = options;
  const routes = ROUTES.filter((route): route is EventRoute => route.via !== 'http' && route.via !== 'schedule');
  const client = await adminClient(projectId, options.pubsub);
  const stops: (() => Promise<void>)[] = [() => client.close()];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const gateway = await startPushGateway({ ...options, routes });
    stops.push(() => gateway.stop());
    const deadLetters = `${name}-dead-letters`;
    await ensureTopic(client, deadLetters);
    await ensureSubscription(client, deadLetters, deadLetters, {});
    const open = async (route: EventRoute, topic: string): Promise<void> => {
      await ensureTopic(client, topic);
      await ensureSubscription(client, topic, `${topic}-to-${route.function}`, {
        pushEndpoint: gateway.endpointOf(route, topic),
        ackDeadlineSeconds: ACK_SECONDS[route.via],
        retryPolicy: { minimumBackoff: { seconds: 1 }, maximumBackoff: { seconds: 60 } },
        ...(route.via === 'push'
          ? {
              deadLetterPolicy: {
                deadLetterTopic: `projects/${projectId}/topics/${deadLetters}`,
                maxDeliveryAttempts: MOST_TRIES,
              },
            }
          : {}),
      });
    };
    await ensureTopic(client, topicName(name, 'job-rejections'));
    for (const route of routes) {
      // A tenant's topics are made when it is known.
      if (route.via === 'tenant-topic') continue;
      const topic = route.via === 'document' ? `${name}-eventarc-${route.function}` : topicName(name, route.topic);
      await open(route, topic);
      if (route.via !== 'document') continue;
      const onEvent = async ({ headers, body }: DocumentEvent): Promise<void> => {
        await client.topic(topic, { batching: { maxMessages: 1 } }).publishMessage({ data: body, attributes: headers });
      };
      const watching = await watchDocuments({
        projectId,
        firestore: options.firestore,
        document: route.document,
        log,
        onEvent,
      });
      stops.push(() => watching.stop());
    }
    return {
      openTopicsOf: async (tenant) => {
        await ensureTopic(client, topicName(name, eventTopicOf(tenant)));
        for (const route of routes) {
          if (route.via === 'tenant-topic') await open(route, topicName(name, route.topics + tenant));
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function adminClient(projectId: string, pubsub: string): Promise<PubSub> {
  const [{ PubSub: Client }, { googleAuthLibrary }] = await Promise.all([
    import('@google-cloud/pubsub'),
    import('google-gax'),
  ]);
  return new Client({ projectId, apiEndpoint: pubsub, authClient: new googleAuthLibrary.PassThroughClient() });
}

const ALREADY_EXISTS = 6;

const unlessThere = (error: unknown): void => {
  if ((error as { code?: unknown }).code !== ALREADY_EXISTS) throw error;
};

async function ensureTopic(client: PubSub, topic: string): Promise<void> {
  await client.createTopic(topic).catch(unlessThere);
}

/** One that is left of an earlier start is pointed at this one's address. */
async function ensureSubscription(
  client: PubSub,
  topic: string,
  subscription: string,
  options: Parameters<ReturnType<PubSub['topic']>['createSubscription']>[1] & { pushEndpoint?: string },
): Promise<void> {
  try {
    await client.topic(topic).createSubscription(subscription, options);
  } catch (error) {
    unlessThere(error);
    if (options.pushEndpoint === undefined) return;
    await client.subscription(subscription).modifyPushConfig({ pushEndpoint: options.pushEndpoint });
  }
}
