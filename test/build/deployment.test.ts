import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PubSub, type Message } from '@google-cloud/pubsub';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import type { JobResource } from '../../domain/contract/http.ts';
import type { Job } from '../../domain/contract/job.ts';
import { refs } from '../../domain/ports.ts';
import { DOCUMENT_EVENT } from '../../eventarc/document-event.ts';
import { encodeMessage, EVENT_TYPES } from '../../eventarc/events.ts';
import { identityToken } from '../../emulators/metadata-server.ts';
import { describeOnEmulators } from '../emulators/here.ts';
import { processesWith } from '../must-hold/processes.ts';
import { tempFolder } from '../worker/harness.ts';
import { built, type Built } from './built.ts';
import { deploy, type Deployment } from './deployment.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;

/** The built functions and the built worker together, with nothing of the repository: one job through all of them, and each by itself. */
describeOnEmulators('a deployment of what is built', (emulators) => {
  let dist: Built;
  let google: Deployment;
  beforeAll(async () => {
    dist = await built();
    google = await deploy(dist.folder, emulators);
  }, 120_000);
  afterAll(async () => {
    await google.stop();
    dist.remove();
  });

  const submit = async (body: object, headers: Record<string, string> = {}): Promise<JobResource> => {
    const answer = await google.call('POST', '/v1/jobs', body, headers);
    const job = (await answer.json()) as JobResource;
    expect({ status: answer.status, job }).toMatchObject({ status: 201 });
    return job;
  };
  const ended = async (id: string): Promise<JobResource> =>
    (await (await google.call('GET', `/v1/jobs/${id}`, undefined, { prefer: 'wait=25' })).json()) as JobResource;

  /** Watched, not polled. */
  const until = <T>(shape: 'deliveriesOfJob' | 'openEvents', where: object, fits: (items: unknown[]) => T | null) =>
    new Promise<T>((resolve, reject) => {
      const look = (): void => {
        google.store.query(shape, where as never, { limit: 100 }).then(({ items }) => {
          const found = fits(items.map(({ data }) => data as unknown));
          if (found === null) return;
          stop();
          resolve(found);
        }, reject);
      };
      const stop = google.store.watch({ shape, where: where as never }, look);
    });

  test('takes one job from its key to its artifact, its settlement and its first try at a webhook, whose name is looked up', async () => {
    const body = {
      model: 'write-file',
      input: { text: 'abc' },
      // Sent to in earnest; where there is no network, or nobody at that name, the attempt says so.
      webhook: { url: 'https://hooks.slipway.invalid/job', secret: SECRET, events: ['job.succeeded'] },
    };
    const job = await submit(body, { 'idempotency-key': 'deck-7' });
    const again = await google.call('POST', '/v1/jobs', body, { 'idempotency-key': 'deck-7' });
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);

    const done = await ended(job.id);
    expect(done).toMatchObject({ state: 'succeeded', attempt: 1, output: { bytes: 14 } });
    const [artifact] = done.artifacts;
    const file = await fetch(artifact?.url ?? '');
    expect(await file.json()).toEqual({ text: 'abc' });
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="input.json"');

    const [delivery] = await until('deliveriesOfJob', { jobId: job.id }, (items) => {
      const deliveries = items as { attempts: { status: number | null; failure: string | null }[] }[];
      return (deliveries[0]?.attempts.length ?? 0) > 0 ? deliveries : null;
    });
    expect(delivery?.attempts[0]).toMatchObject({
      status: null,
      failure: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
    await until('openEvents', { open: true }, (items) => (items.length === 0 ? true : null));
    const settled = google.functions['on-job-event'].log.lines.filter(({ message }) => message === 'settled');
    expect(settled.map(({ fields }) => fields['event'])).toContain('job.succeeded');

    const [execution] = google.run.executions();
    expect(execution?.env).toMatchObject({ SLIPWAY_QUEUE: 'files@here' });
    await google.log.line(({ message }) => message === 'released');
    for (const { errors } of Object.values(google.functions)) expect(errors).toEqual([]);
  });

  test('takes a request from its tenant’s topic, and tells its end on another', async () => {
    const client = new PubSub({ projectId: google.projectId, apiEndpoint: emulators.pubsub });
    const [subscription] = await client.topic('slipway-job-events-acme').createSubscription('ends');
    const ended = new Promise<Message>((resolve, reject) => {
      subscription.on('error', reject);
      subscription.on('message', (message: Message) => {
        message.ack();
        if (message.data.includes('by-topic')) resolve(message);
      });
    });
    const metadata = { from: 'by-topic' };
    const json = { model: 'write-file', input: { text: 'topic' }, metadata, idempotencyKey: 'deck-8' };
    await client.topic('slipway-job-requests-acme').publishMessage({ json });
    const { data, attributes } = await ended;
    expect(attributes).toMatchObject({ type: 'job.succeeded', sequence: '3' });
    expect(JSON.parse(data.toString('utf8'))).toMatchObject({ data: { state: 'succeeded', metadata } });
    await subscription.close();
    await client.close();
    expect(google.functions.intake.errors).toEqual([]);
  });

  test('gives a tenant’s program a token that Firebase takes, signed by the api’s own account', async () => {
    const { token } = (await (await google.call('POST', '/v1/tokens/firebase')).json()) as { token: string };
    const path = 'identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=any';
    const signedIn = await fetch(`${google.identityUrl}/${path}`, { method: 'POST', body: JSON.stringify({ token }) });
    expect(signedIn.status).toBe(200);
  });

  test('says which field of an input is wrong, with the check that the build has compiled', async () => {
    const answer = await google.call('POST', '/v1/jobs', { model: 'write-file', input: { text: 'ABC', more: 1 } });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      errors: [
        { field: '/input/more', message: 'is not a field of this model' },
        { field: '/input/text', message: 'must match pattern "^[a-z]+$"' },
      ],
    });
  });

  test('with every nudge lost one sweep calls dispatch with its own account, the job runs, and gauges are written', async () => {
    google.plan = ({ via }) => (via === 'topic' ? [] : [0]);
    const { id } = await submit({ model: 'write-file', input: { text: 'lost' } });
    expect((await google.post('sweep', 'scheduler', '', {})).status).toBe(204);
    google.plan = () => [0];
    expect(await ended(id)).toMatchObject({ state: 'succeeded' });
    expect(google.functions.sweep.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(google.monitoring.points.map(({ metric }) => metric)).toContain('custom.googleapis.com/slipway/queued_jobs');
  });

  test('finds by Cloud Run’s own word that a worker is gone, and the job runs again', async () => {
    const go = join(tempFolder(), 'go');
    const { id } = await submit({ model: 'write-file', input: { text: 'gone', waitForFile: go } });
    const { slot = '' } = await new Promise<NonNullable<Job['holder']>>((resolve) => {
      const stop = google.store.watch(refs.job(id), () => {
        void google.store.get(refs.job(id)).then((read) => {
          if (read?.data.holder == null) return;
          stop();
          resolve(read.data.holder);
        });
      });
    });
    const execution = google.run.executions().find(({ env, code }) => env['SLIPWAY_SLOT'] === slot && code === null);
    const [pid = 0] = processesWith('CLOUD_RUN_EXECUTION', (value) => value === execution?.name);
    process.kill(pid, 'SIGKILL');
    await google.log.line(
      ({ message, fields }) => message === 'worker failed' && fields['execution'] === execution?.name,
    );
    writeFileSync(go, '');

    const due = JSON.stringify({ slots: [slot], jobs: [], queues: [] });
    const answer = await google.post('dispatch', 'sweep', due, {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-type': EVENT_TYPES.due,
      'ce-source': '//slipway/sweep',
      'ce-id': 'due-1',
    });
    expect(answer.status).toBe(204);
    expect(await ended(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(google.run.calls['getExecution']).toBeGreaterThan(0);
    expect(google.run.calls['cancelExecution']).toBeGreaterThan(0);
  });

  test('acknowledges and records what nobody can understand', async () => {
    const event = {
      'ce-specversion': '1.0',
      'ce-type': EVENT_TYPES.message,
      'ce-source': '//pubsub.googleapis.com/projects/p/topics/nudges',
      'ce-id': 'poison-1',
      'content-type': 'application/json',
    };
    const answer = await google.post('dispatch', 'eventarc', 'no JSON at all', event);
    expect(answer.status).toBe(204);
    const rejected = createHash('sha256').update(JSON.stringify(['dispatch', event['ce-source'], 'poison-1']));
    const read = await google.store.get(refs.rejection(rejected.digest('hex')));
    expect(read?.data).toMatchObject({ function: 'dispatch', excerpt: 'no JSON at all' });
  });

  test('takes a nudge of hand-made Pub/Sub, and a document event in protobuf as Google sends it', async () => {
    const envelope = JSON.stringify(encodeMessage({ queue: 'files@here' }, '1', Date.now(), 'any'));
    const json = { 'content-type': 'application/json', 'ce-specversion': '1.0' };
    const nudge = { ...json, 'ce-type': EVENT_TYPES.message, 'ce-source': '//pubsub/nudges', 'ce-id': 'nudge-1' };
    expect((await google.post('dispatch', 'eventarc', envelope, nudge)).status).toBe(204);

    google.plan = ({ via }) => (via === 'document' ? [] : [0]);
    const { id } = await submit({ model: 'write-file', input: { text: 'event' } });
    google.plan = () => [0];
    const path = `jobs/${id}/events/1`;
    const type = protobuf.Root.fromJSON(DOCUMENT_EVENT).lookupType('DocumentEventData');
    const name = `projects/${google.projectId}/databases/(default)/documents/${path}`;
    const data = type.encode(type.fromObject({ value: { name } })).finish();
    const created = {
      'content-type': 'application/protobuf',
      'ce-specversion': '1.0',
      'ce-type': EVENT_TYPES.documentCreated,
      'ce-source': `//firestore.googleapis.com/projects/${google.projectId}/databases/(default)`,
      'ce-id': 'created-1',
      'ce-document': path,
    };
    expect((await google.post('on-job-event', 'eventarc', data, created)).status).toBe(204);
    expect((await google.store.get(refs.event(id, 1)))?.data.open).toBe(false);
  });

  test.each([
    ['intake', 'sweep'],
    ['dispatch', 'push'],
    ['worker', 'sweep'],
    ['on-job-event', 'gpu-job'],
    ['deliver-webhook', 'eventarc'],
    ['sweep', 'api'],
  ] as const)('%s refuses the account of %s, and a token that has ended', async (to, stranger) => {
    expect((await google.post(to, stranger, '{}', {})).status).toBe(401);
    const late = identityToken(google.accounts.scheduler, google.functions[to].url, Date.now() - 3_601_000);
    const answer = await fetch(google.functions[to].url, {
      method: 'POST',
      headers: { authorization: `Bearer ${late}` },
    });
    expect(answer.status).toBe(401);
  });

  test('told to end, the api still answers whom it holds, and has ended in its time', async () => {
    const { id } = await submit({ model: 'write-file', input: { text: 'held', waitForFile: '/nowhere/ever' } });
    const held = google.call('GET', `/v1/jobs/${id}`, undefined, { prefer: 'wait=2' });
    // Once another request has been answered, the one sent before it is under way.
    await google.call('GET', '/v1/models');
    const { api } = google.functions;
    const beganMs = Date.now();
    api.signal('SIGTERM');
    const answer = await held;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id, output: null });
    expect(await api.exited).toBe(0);
    expect(Date.now() - beganMs).toBeLessThan(8_500);
  });
});
