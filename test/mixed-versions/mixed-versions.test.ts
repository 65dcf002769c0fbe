import { afterAll, afterEach, expect, test } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOOR_PROTOCOL } from '../../domain/contract/door-protocol.ts';
import type { Collections, CollectionName } from '../../domain/collections.ts';
import type { JobResource } from '../../domain/contract/http.ts';
import { refs, update, type Ref } from '../../domain/ports.ts';
import { decideAgain } from '../../functions/steps/again.ts';
import { newProject } from '../emulators/here.ts';
import { killAll, startProcess, type StackProcess } from '../must-hold/stack-process.ts';
import { newFolder, onEachEngine, testStack, UNHURRIED, type TestStack } from '../stack/test-stack.ts';
import { describeWithOlderBuild, FOREIGN_PROTOCOL, olderBuild, type Build } from './older-build.ts';

const WORKER = join(import.meta.dirname, '../../gpu-job/start.js');

const run = async (stack: StackProcess, input: object): Promise<JobResource> => {
  const { body } = await stack.call('POST', '/v1/jobs', { model: 'noop', input }, 'wait=25');
  return body as JobResource;
};

/** What does not change after a job has ended: its cost is known only when its worker's time is shared out. */
const result = ({ id, state, output, attempts }: JobResource): Partial<JobResource> => ({
  id,
  state,
  output,
  attempts,
});

/** Writes into a document what this build has no name for. */
async function addTo<C extends CollectionName>({ store }: TestStack, ref: Ref<C>, fields: object): Promise<void> {
  await decideAgain(async () => {
    const read = await store.get(ref);
    if (read === null) throw new Error(`there is no ${ref.path}`);
    await store.commit([update(ref, read, fields as Partial<Collections[C]>)]);
  });
}

describeWithOlderBuild('an older build beside this one', () => {
  const builds: Build[] = [];
  const folders: string[] = [];
  const build = (): Build => {
    builds.push(olderBuild());
    return builds.at(-1) as Build;
  };
  const folder = async (): Promise<string> => {
    folders.push(await newFolder());
    return folders.at(-1) as string;
  };
  afterEach(killAll);
  afterAll(() => {
    for (const made of builds) made.remove();
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });

  onEachEngine((engine) => {
    test('this stack runs jobs on workers of the older build: an image that was not rolled out yet', async () => {
      const stack = await testStack({ engine, worker: build().worker, settings: UNHURRIED });
      try {
        const job = await stack.submit('noop', { echo: 'older worker' });
        expect(await stack.ended(job.id)).toMatchObject({ state: 'succeeded', output: { echo: 'older worker' } });
      } finally {
        await stack.stop();
      }
    }, 60_000);

    test('a worker of another protocol exits 0, its slot is freed at once, and its job waits for a worker that fits', async () => {
      const foreign = build();
      foreign.speakForeign();
      const dataFolder = await folder();
      const projectId = newProject();
      const first = await testStack({ engine, dataFolder, projectId, worker: foreign.worker });
      const { id } = await first.submit('noop', { echo: 'waits' });
      try {
        const refused = await first.log.line(({ message }) => message === 'a worker of another protocol was refused');
        expect(refused.fields).toMatchObject({ protocol: FOREIGN_PROTOCOL, speaks: DOOR_PROTOCOL });
        const ended = await first.log.line(({ message }) => /^worker (ended|failed)$/.test(message));
        expect(ended).toMatchObject({ message: 'worker ended', fields: { code: 0 } });
        const slot = await first.store.get(refs.slot(String(refused.fields['slot'])));
        expect(slot?.data.sessionHash).toBeNull();
        expect(slot?.data.bootFailures).toBeGreaterThan(0);
        expect((await first.store.get(refs.job(id)))?.data).toMatchObject({ state: 'queued', attempts: [] });
      } finally {
        await first.stop();
      }
      const second = await testStack({ engine, dataFolder, projectId });
      try {
        expect(await second.ended(id)).toMatchObject({ state: 'succeeded', output: { echo: 'waits' } });
      } finally {
        await second.stop();
      }
    }, 60_000);

    test('what only a newer build knows is still there when this one has run the job', async () => {
      const stack = await testStack({ engine, settings: UNHURRIED });
      try {
        const go = join(await folder(), 'go');
        const { id } = await stack.submit('scripted', { waitForFile: go });
        const { holder } = await stack.until(id, (job) => job.state === 'running');
        const later = { laterField: { deep: [1] } };
        await addTo(stack, refs.job(id), later);
        await addTo(stack, refs.slot(holder?.slot ?? ''), later);
        writeFileSync(go, '');
        expect(await stack.ended(id)).toMatchObject({ state: 'succeeded' });
        expect((await stack.store.get(refs.job(id)))?.data).toMatchObject({ state: 'succeeded', ...later });
        expect((await stack.store.get(refs.slot(holder?.slot ?? '')))?.data).toMatchObject(later);
      } finally {
        await stack.stop();
      }
    }, 60_000);
  });

  test('the stack of the older build runs jobs on workers of this one: an image rolled out before the functions', async () => {
    const older = build();
    older.launch(WORKER);
    const stack = await startProcess(await folder(), {}, 'embedded', older.start);
    expect(await run(stack, { echo: 'newer worker' })).toMatchObject({ state: 'succeeded' });
  }, 60_000);

  test('one data folder, older, this build, older again: each reads what the other wrote', async () => {
    const older = build();
    const data = await folder();
    let stack = await startProcess(data, {}, 'embedded', older.start);
    const first = await run(stack, { echo: 'one' });
    await stack.kill('SIGTERM');
    stack = await startProcess(data);
    expect((await stack.call('GET', `/v1/jobs/${first.id}`)).body).toMatchObject(result(first));
    const second = await run(stack, { echo: 'two' });
    await stack.kill('SIGTERM');
    stack = await startProcess(data, {}, 'embedded', older.start);
    expect((await stack.call('GET', `/v1/jobs/${second.id}`)).body).toMatchObject(result(second));
    expect(await run(stack, { echo: 'three' })).toMatchObject({ state: 'succeeded' });
  }, 60_000);
});
