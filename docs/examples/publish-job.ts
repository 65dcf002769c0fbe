/**
 * Asks for a job by publishing a message, and waits for its end on the tenant's own topic.
 *
 *   npm install @google-cloud/pubsub
 *   node publish-job.ts <idempotency key>    (Node 22.18 or later)
 *
 * Environment:
 *   GOOGLE_CLOUD_PROJECT           the project that Slipway runs in
 *   SLIPWAY_TENANT                 whose job it is: that is, which topic you may publish to
 *   SLIPWAY_NAME                   what the names of the deployment's topics begin with; "slipway" unless set
 *   SLIPWAY_EVENTS                 a subscription of yours to <name>-job-events-<tenant>
 *   SLIPWAY_REJECTIONS             one to <name>-job-rejections, with the filter attributes.tenant = "<tenant>"
 *   SLIPWAY_MODEL, SLIPWAY_INPUT   what to run; without them a small molecule
 * Only for a stack on Google's emulators:
 *   PUBSUB_EMULATOR_HOST           host:port
 */
import { PubSub, type Message, type Subscription } from '@google-cloud/pubsub';

const env = process.env;

function needed(name: string, value = env[name]): string {
  if (value === undefined || value === '') throw new Error(`give ${name}: see the top of publish-job.ts`);
  return value;
}

/** A webhook's body: the same is published. */
interface JobEvent {
  type: string;
  data: { id: string; state: string; metadata: Record<string, string>; error: { message: string } | null };
}
interface Rejected {
  code: string;
  reason: string;
  idempotencyKey: string | null;
}

// One for each job, and the same each time that it is published: then it makes one job, however often that is.
const idempotencyKey = needed('an idempotency key', process.argv[2]);
const pubsub = new PubSub({ projectId: needed('GOOGLE_CLOUD_PROJECT') });
const subscriptions = ['SLIPWAY_EVENTS', 'SLIPWAY_REJECTIONS'].map((name) => pubsub.subscription(needed(name)));
const [events, rejections] = subscriptions as [Subscription, Subscription];

/** The first message that fits, acknowledged; what others asked for goes to whoever else waits on this subscription. */
const first = <T>(subscription: Subscription, fits: (said: T) => boolean): Promise<T> =>
  new Promise((resolve, reject) => {
    subscription.on('error', reject);
    subscription.on('message', (message: Message) => {
      const said = JSON.parse(message.data.toString('utf8')) as T;
      if (!fits(said)) return message.nack();
      message.ack();
      resolve(said);
    });
  });

// Who publishes is told no id: what it put into the metadata comes back with each event.
const ended = first<JobEvent>(events, ({ data }) => data.metadata['request'] === idempotencyKey);
const rejected = first<Rejected>(rejections, (said) => said.idempotencyKey === idempotencyKey);

const topic = `${env['SLIPWAY_NAME'] ?? 'slipway'}-job-requests-${needed('SLIPWAY_TENANT')}`;
const request = {
  model: env['SLIPWAY_MODEL'] ?? 'ligand-properties',
  input: JSON.parse(env['SLIPWAY_INPUT'] ?? '{"smiles": "CC(=O)Oc1ccccc1C(=O)O"}') as object,
  metadata: { request: idempotencyKey },
  idempotencyKey,
};
await pubsub.topic(topic).publishMessage({ json: request });
console.log(`published ${idempotencyKey}`);

const came = await Promise.race([ended, rejected]);
if ('code' in came) console.log(`rejected: ${came.code}: ${came.reason}`);
else console.log(`${came.data.id} ${came.data.state}${came.data.error === null ? '' : `: ${came.data.error.message}`}`);
for (const subscription of subscriptions) await subscription.close();
await pubsub.close();
process.exitCode = 'type' in came && came.type === 'job.succeeded' ? 0 : 1;
