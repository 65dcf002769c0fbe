import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createClient, type SlipwayClient } from '../../client/index.ts';
import type { JobResource } from '../../domain/contract/http.ts';
import { create, refs, update } from '../../domain/ports.ts';
import { onEachEngine, type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';

/** A file through every hop of a real stack: declared, uploaded, named by a job, signed at the claim, verified by the worker. */
const TEXT = 'the words of a long document';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const OTHER_KEY = 'slw_another-tenants-key';

onEachEngine((engine) => {
  let stack: TestStack;
  let client: SlipwayClient;
  let stranger: SlipwayClient;
  beforeAll(async () => {
    stack = await testStack({ engine, settings: UNHURRIED, modelFolders: [join(import.meta.dirname, 'models')] });
    client = createClient({ url: stack.url, key: stack.apiKey });
    stranger = createClient({ url: stack.url, key: OTHER_KEY });
    await stack.store.commit([create(refs.key(sha256(OTHER_KEY)), { schema: 1, tenant: 'other', createdAtMs: 0 })]);
  });
  afterAll(() => stack.stop());

  const upload = (content = TEXT): Promise<string> =>
    client.uploadFile(new Blob([content]), { contentType: 'text/plain', name: 'a.txt' });
  const run = async (input: Record<string, unknown>): Promise<JobResource> =>
    stack.ended((await client.createJob({ model: 'read-file', input })).id);

  test('a file reaches the model as a file, one for both fields that name it', async () => {
    const uri = await upload();
    const job = await run({ document: uri, again: uri });
    expect(job).toMatchObject({ state: 'succeeded', output: { text: TEXT, isOne: true }, input: { document: uri } });
  });

  test('a file whose bytes are not what was declared fails the job at once, which says what was wanted and what came', async () => {
    const declared = sha256('other words');
    const uri = await client.uploadFile(new Blob([TEXT]), { contentType: 'text/plain', sha256: declared });
    const job = await run({ document: uri });
    expect(job.error).toEqual({
      kind: 'invalid_input',
      message: `input/document: ${uri} has sha256 ${sha256(TEXT)}, but ${declared} was declared`,
    });
    expect(job).toMatchObject({ state: 'failed', attempt: 1 });
  });

  test('a stranger’s file is none, in the same words: named outright, or brought in by another job’s output', async () => {
    const uri = await stranger.uploadFile(new Blob([TEXT]), { contentType: 'text/plain' });
    const message = `there is no file ${uri}`;
    await expect(run({ document: uri })).rejects.toMatchObject({
      status: 422,
      code: 'invalid_input',
      errors: [{ field: '/input/document', message }],
    });
    const parent = await run({ from: uri });
    const child = await run({ document: { $output: { job: parent.id, path: '/uri' } } });
    expect(child.error).toEqual({ kind: 'invalid_input', message: `input/document: ${message}` });
  });

  test('an own file that another job’s output names is read as well', async () => {
    const parent = await run({ from: await upload('passed on') });
    const child = await client.createJob({
      model: 'read-file',
      input: { document: { $output: { job: parent.id, path: '/uri' } } },
    });
    expect((await stack.ended(child.id)).output).toMatchObject({ text: 'passed on' });
  });

  test('sweep has those removed whose time is over', async () => {
    const id = (await upload()).replace('slipway:files/', '');
    const { url } = await client.getFile(id);
    const read = await stack.store.get(refs.file(id));
    if (read === null) throw new Error('the file is not stored');
    await stack.sweep();
    expect((await fetch(url ?? '')).status).toBe(200);
    await stack.store.commit([update(refs.file(id), read, { expiresAtMs: read.readAtMs })]);
    await stack.sweep();
    expect(await stack.store.get(refs.file(id))).toBeNull();
    expect((await fetch(url ?? '')).status).toBe(404);
  });
});
