import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PubSub, type Message } from '@google-cloud/pubsub';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { RejectionList } from '../../domain/contract/rejection.ts';
import { emulatorTestStack, UNHURRIED, type EmulatorTestStack } from '../stack/test-stack.ts';
import { describeOnEmulators } from './here.ts';

const EXAMPLE = join(import.meta.dirname, '../../docs/examples/publish-job.ts');

describeOnEmulators('a publisher with Google’s own client', ({ pubsub: host }) => {
  let stack: EmulatorTestStack;
  let client: PubSub;
  beforeAll(async () => {
    stack = await emulatorTestStack({ settings: UNHURRIED });
    client = new PubSub({ projectId: stack.projectId, apiEndpoint: host });
    const asked = await stack.call('PUT', '/v1/tenants/default', { title: 'This machine', eventsTopic: true });
    expect(asked.status).toBe(200);
    await client.topic('slipway-job-events-default').createSubscription('events');
    await client.topic('slipway-job-rejections').createSubscription('rejections', {
      filter: 'attributes.tenant = "default"',
    });
  });
  afterAll(async () => {
    await client.close();
    await stack.stop();
  });

  /** Runs the example of docs/16-pubsub.md as its reader would, to its end. */
  const runExample = (key: string, model: string, input: object): Promise<{ code: number | null; lines: string[] }> => {
    const own = {
      PATH: process.env['PATH'] ?? '',
      PUBSUB_EMULATOR_HOST: host,
      // There is no metadata server here, and the client would say so.
      METADATA_SERVER_DETECTION: 'none',
      GOOGLE_CLOUD_PROJECT: stack.projectId,
      SLIPWAY_TENANT: 'default',
      SLIPWAY_EVENTS: 'events',
      SLIPWAY_REJECTIONS: 'rejections',
      SLIPWAY_MODEL: model,
      SLIPWAY_INPUT: JSON.stringify(input),
    };
    return new Promise((resolve, reject) => {
      const child = execFile(process.execPath, [EXAMPLE, key], { env: own, timeout: 50_000 }, (_, stdout, stderr) => {
        if (stderr !== '' || child.exitCode === null) reject(new Error(`${stdout}${stderr}`));
        else resolve({ code: child.exitCode, lines: stdout.trimEnd().split('\n') });
      });
    });
  };
  const rejections = async (): Promise<unknown[]> =>
    RejectionList.parse((await stack.call('GET', '/v1/rejections')).body).items;

  test('has its job run and is told of its end on the tenant’s topic, as a webhook would be', async () => {
    const { code, lines } = await runExample('deck-7', 'noop', { echo: 'x' });
    expect(lines).toEqual(['published deck-7', expect.stringMatching(/^[0-9a-v]{26} succeeded$/)]);
    expect(code).toBe(0);
    const [id = ''] = (lines[1] ?? '').split(' ');
    expect(await stack.ended(id)).toMatchObject({
      state: 'succeeded',
      output: { echo: 'x' },
      metadata: { request: 'deck-7' },
    });
    // The same request over HTTPS, with its key as a header, is this job.
    const body = { model: 'noop', input: { echo: 'x' }, metadata: { request: 'deck-7' } };
    const again = await stack.call('POST', '/v1/jobs', body, { 'idempotency-key': 'deck-7' });
    expect([again.status, again.body.id]).toEqual([200, id]);
  }, 60_000);

  test('is told why a request makes no job, and the tenant can read it', async () => {
    const { code, lines } = await runExample('deck-8', 'nope', {});
    expect(lines[1]).toMatch(/^rejected: unknown_model: There is no model "nope"/);
    expect(code).toBe(1);
    expect(await rejections()).toMatchObject([{ code: 'unknown_model', idempotencyKey: 'deck-8' }]);
  }, 60_000);

  test('that sends as much as Pub/Sub takes has it acknowledged and recorded, and it does not come again', async () => {
    const told = new Promise<Message>((resolve) => {
      const subscription = client.subscription('rejections');
      subscription.once('message', (message: Message) => {
        message.ack();
        void subscription.close().then(() => resolve(message));
      });
    });
    await client
      .topic('slipway-job-requests-default')
      .publishMessage({ data: Buffer.alloc(9_900_000, 'a'), attributes: { idempotencyKey: 'large' } });
    const { data, attributes } = await told;
    expect(JSON.parse(data.toString('utf8'))).toMatchObject({ code: 'body_too_large', idempotencyKey: 'large' });
    expect(attributes).toEqual({ code: 'body_too_large', tenant: 'default' });
    expect(stack.log.lines.filter(({ message }) => message === 'message not acknowledged')).toEqual([]);
    const [newest] = await rejections();
    expect(newest).toMatchObject({ code: 'body_too_large', excerpt: 'x'.repeat(256) });
  }, 60_000);

  test('a tenant that is made later has topics of its own soon after', async () => {
    await stack.call('PUT', '/v1/tenants/lab', { title: 'The lab' });
    const topic = client.topic('slipway-job-requests-lab', { batching: { maxMessages: 1 } });
    const json = { model: 'noop', input: { echo: 1 }, idempotencyKey: 'k' };
    // They are made by who watches the tenants; what is published before there is a subscription goes to nobody.
    const subscription = client.subscription('slipway-job-requests-lab-to-intake');
    while (!(await subscription.exists())[0]);
    await topic.publishMessage({ json });
    const [job] = await new Promise<readonly { data: { id: string } }[]>((resolve, reject) => {
      const look = (): void => {
        stack.store.query('jobsByTenant', { tenant: 'lab' }, { limit: 2 }).then(({ items }) => {
          if (items.length === 0) return;
          stop();
          resolve(items);
        }, reject);
      };
      const stop = stack.store.watch({ shape: 'jobsByTenant', where: { tenant: 'lab' } }, look);
      look();
    });
    await stack.until(job?.data.id ?? '', ({ state }) => state === 'succeeded');
  }, 60_000);
});
