import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create, refs } from '../../domain/ports.ts';
import { EXIT } from '../../client/command/exit.ts';
import { serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { clientOf, fated } from './client-rig.ts';
import { moveOn, slipway, type World } from './command-rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const submitted = async (): Promise<string> =>
  (await clientOf(api).createJob({ model: 'slide-text', input: { text: 'hello' } })).id;
const run = (line: string, world?: World) => slipway(api, line === '' ? [] : line.split(' '), world);
const json = async (line: string, world?: World): Promise<Record<string, unknown>> =>
  JSON.parse((await run(`${line} --json`, world)).out) as Record<string, unknown>;

describe('list', () => {
  test('is a table of what is asked for, cut to the columns, and goes on from its cursor', async () => {
    await run(`cancel ${await submitted()}`);
    const id = await submitted();
    await run(`cancel ${id}`);
    const { out } = await run('list --state canceled --model slide-text --limit 1');
    expect(out).toMatch(/^ID +STATE +MODEL +AGE +RAN +WHY\n/);
    expect(out).toContain(`${id}  canceled  slide-text`);
    expect(out).toContain('There are more: --all');
    const first = await json('list --limit 1');
    expect(first['items']).toHaveLength(1);
    const second = await json(`list --limit 1 --cursor ${String(first['next'])}`);
    expect(second['items']).not.toEqual(first['items']);
    expect((await run('list --model folder')).out).toBe('No jobs.\n');
    await run('list --all', { columns: 50 });
    expect((await run('list', { columns: 40 })).out).toMatch(/^ID +STATE\n/);
    expect((await run('list', { env: { COLUMNS: '44' } })).out).toMatch(/^ID +STATE *\n|^ID +STATE +MODEL\n/);
  });

  test('has colours on a terminal alone, and none where NO_COLOR says so', async () => {
    const isTerminal = { stdout: true, stderr: true };
    expect((await run('list', { isTerminal })).out).toContain('\u001b[');
    expect((await run('list', { isTerminal, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b[');
    expect((await run('list', { isTerminal, env: { TERM: 'dumb' } })).out).not.toContain('\u001b[');
    expect((await run('list')).out).not.toContain('\u001b[');
  });
});

test('get shows what is kept with a job, and cannot be taken for the rest', async () => {
  const metadata = { state: 'succeeded', 'a long name of something': '漢字' };
  const { id } = await clientOf(api).createJob({ model: 'slide-text', input: { text: 'x' }, metadata });
  const { out } = await run(`get ${id}`);
  expect(out).toMatch(/^metadata +state=succeeded$/m);
  expect(out).toMatch(/^metadata +a long name of something=漢字$/m);
});

test('get shows where the time went, what came of it, and its files', async () => {
  const id = await submitted();
  const artifact = { name: 'page-1.png', contentType: 'image/png', sizeBytes: 1_200, path: 'a/b' };
  const error = { kind: 'model_error' as const, message: 'word '.repeat(60) };
  await moveOn(api, id, [
    ['running', { attempt: 1 }],
    ['failed', { error, artifacts: [artifact], output: { pages: Array.from({ length: 40 }, (_, i) => i) } }],
  ]);
  const { exit, out } = await run(`get ${id}`);
  expect(exit).toBe(EXIT.ok);
  expect(out).toMatch(/^error +model_error: word/m);
  expect(out).toMatch(/^… \d+ lines more: slipway get \w+ --json$/m);
  expect(out).toMatch(/^page-1\.png {2}1200 B {2}image\/png$/m);
});

describe('logs', () => {
  const said = async (id: string, attempt: number, seq: number, ...texts: string[]): Promise<void> => {
    const lines = texts.map((text) => ({ stream: 'stdout' as const, text, atMs: 0 }));
    await api.store.commit([create(refs.log(id, attempt, seq), { schema: 1, jobId: id, attempt, seq, lines })]);
  };

  test('prints what there is of the last attempt, or of the one asked for, and steers no terminal', async () => {
    const id = await submitted();
    expect(await run(`logs ${id}`)).toMatchObject({ exit: EXIT.ok, out: '' });
    await moveOn(api, id, [['running', { attempt: 1 }]]);
    await said(id, 1, 0, 'one', '\u001b[31mtwo');
    await said(id, 1, 1, 'three');
    expect((await run(`logs ${id}`)).out).toBe('one\n[31mtwo\nthree\n');
    expect(await json(`logs ${id}`)).toMatchObject({
      complete: false,
      items: [{ text: 'one' }, {}, { text: 'three' }],
    });
    await moveOn(api, id, [
      ['queued', {}],
      ['running', { attempt: 2 }],
    ]);
    await said(id, 2, 0, 'again');
    expect((await run(`logs ${id}`)).out).toBe('again\n');
    expect((await run(`logs ${id} --attempt 1`)).out).toBe('one\n[31mtwo\nthree\n');
  });

  test('-f goes on until the job has ended, over its attempts', async () => {
    const id = await submitted();
    await moveOn(api, id, [['running', { attempt: 1 }]]);
    await said(id, 1, 0, 'one');
    const following = run(`logs ${id} -f`);
    await moveOn(api, id, [
      ['queued', {}],
      ['running', { attempt: 2 }],
    ]);
    await said(id, 2, 0, 'again');
    await moveOn(api, id, [['succeeded', {}]]);
    expect(await following).toMatchObject({ exit: EXIT.ok, out: expect.stringContaining('again\n') });
  });

  test('-f reads the attempts that came while it read another, though the job has ended by then', async () => {
    const id = await submitted();
    await moveOn(api, id, [['running', { attempt: 1 }]]);
    await said(id, 1, 0, 'one\u202e');
    await moveOn(api, id, [
      ['queued', {}],
      ['running', { attempt: 2 }],
    ]);
    await said(id, 2, 0, 'two');
    await moveOn(api, id, [
      ['queued', {}],
      ['running', { attempt: 3 }],
    ]);
    await said(id, 3, 0, 'three');
    await moveOn(api, id, [['succeeded', {}]]);
    expect(await run(`logs ${id} -f --attempt 1`)).toMatchObject({ exit: EXIT.ok, out: 'one\ntwo\nthree\n' });
  });

  test('of a job that is none is not found', async () => {
    expect((await run(`logs ${'0'.repeat(26)}`)).exit).toBe(EXIT.notFound);
  });
});

test('explain says it in sentences that fit, retry makes a new job of an ended one', async () => {
  const id = await submitted();
  await run(`cancel ${id}`);
  const { exit, out } = await run(`explain ${id}`, { columns: 40 });
  expect(exit).toBe(EXIT.ok);
  expect(out).toMatch(/cancel/i);
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
  const again = await json(`retry ${id}`);
  expect(again).toMatchObject({ state: 'queued', retryOf: id });
  expect((await run(`retry ${String(again['id'])}`)).exit).toBe(EXIT.failed);
});

test('models say what is missing and what installs it', async () => {
  expect((await run('models')).out).toMatch(/^folder +needs foldit +A model$/m);
  expect((await run('models folder')).out).toMatch(/^foldit: +apt-get install foldit$/m);
  expect((await run('models form')).out).toMatch(/^text\* +string\ncount\* +integer\nkind +a\|b$/m);
  expect((await json('models'))['items']).toHaveLength(3);
  expect((await run('models', { columns: 40 })).out).toMatch(/^slide-text /m);
});

test('tenants and keys are made, shown and taken away; a key stands alone on stdout', async () => {
  await slipway(api, ['tenants', 'put', 'lab', '--title', 'The lab', '--account', 'a@example.com']);
  expect((await run('tenants get lab')).out).toMatch(/^title +The lab\naccounts +a@example\.com$/m);
  expect((await run('tenants list')).out).toMatch(/^lab +The lab +\d{4}-\d\d-\d\d +none +none +a@example\.com$/m);
  const made = await run('keys make lab ci --scope read --ends-in 3600');
  expect(made.out).toMatch(/^slw_\w+\n$/);
  const id = /^slw_([a-z0-9]+)_/.exec(made.out)?.[1] ?? '';
  expect(made.err).toContain(`${id} of lab, for read; ends 2`);
  expect((await run('keys list lab')).out).toContain(`${id}  ci`);
  expect((await run('models', { env: { SLIPWAY_API_KEY: made.out.trim() } })).exit).toBe(EXIT.ok);
  expect(await json(`keys delete lab ${id}`)).toEqual({ deleted: id });
  expect((await run('keys list lab')).out).toBe('No keys.\n');
});

test('the limits of a tenant are set one by one, shown, and taken away by none; what is not given stays', async () => {
  await slipway(api, ['tenants', 'put', 'lab', '--title', 'The lab', '--account', 'a@example.com']);
  expect((await run('tenants put lab --running 4 --queued 500')).out).toMatch(/^running +4\nqueued +500$/m);
  expect((await run('tenants list')).out).toMatch(/^lab +The lab +\S+ +4 +500 +a@example\.com$/m);
  expect((await run('tenants put lab --running none')).out).toMatch(/^running +none\nqueued +500$/m);
  await slipway(api, ['tenants', 'put', 'lab', '--title', 'Lab two']);
  expect(await json('tenants get lab')).toMatchObject({
    title: 'Lab two',
    accounts: ['a@example.com'],
    limits: { running: null, queued: 500 },
  });
  expect(await json('tenants put lab --account none')).toMatchObject({ accounts: [], limits: { queued: 500 } });
  const wrong = await run('tenants put lab --running many');
  expect([wrong.exit, wrong.err]).toEqual([EXIT.usage, expect.stringMatching(/--running must be .* or none/)]);
});

test('keys make whose answer is lost says that there may be a key', async () => {
  await clientOf(api).putTenant('lab', { title: 'The lab' });
  const { exit, err } = await run('keys make lab ci', { fetch: fated(['fails after']).fetch });
  expect([exit, err.replace(/\s+/g, ' ')]).toEqual([
    EXIT.unreachable,
    expect.stringContaining('"slipway keys list lab" shows it'),
  ]);
});

describe('doctor', () => {
  test('says what the key is good for and what a model lacks', async () => {
    const { exit, out } = await run('doctor', { missingForEmulators: async () => 'Java:\n  apt-get install jre' });
    expect(exit).toBe(EXIT.ok);
    expect(out).toContain('ok    key: good for submit, read, admin');
    expect(out).toMatch(/^warn {2}model folder: needs foldit\n +apt-get install foldit$/m);
    expect(out).toMatch(/^warn {2}emulators: [^]*apt-get install jre$/m);
    expect(await json('doctor')).toMatchObject({ ok: true, checks: expect.any(Array) });
  });

  test('says how Slipway does, which version it is and when sweep ran', async () => {
    const { version } = await clientOf(api).getHealth();
    const health = async (answer: object): Promise<string> => {
      const world: World = {
        fetch: async (input, init) =>
          (input as string).endsWith('/v1/health') ? Response.json(answer) : fetch(input, init),
      };
      return (await run('doctor', world)).out;
    };
    expect((await run('doctor')).out).toMatch(
      new RegExp(`^warn  health: degraded, version ${version}\nwarn  sweep: has not run yet$`, 'm'),
    );
    const checks = [{ name: 'bus', status: 'down', latencyMs: null, detail: 'The last publish failed.' }];
    const sweep = { status: 'late', lastRunAt: null, ageSeconds: 240 };
    expect(await health({ status: 'degraded', version: '1.2.3', commit: 'abc', checks, sweep })).toMatch(
      /health: degraded, version 1\.2\.3, commit abc\nwarn {2}bus: The last publish failed\.[^]*sweep: its last run ended 4 min ago/,
    );
    expect(await health({ status: 'down', version: '1.2.3' })).toMatch(/^FAIL {2}health: down, version 1\.2\.3$/m);
    expect(await health({ status: 'ok', version: '1.2.3', sweep: { ...sweep, status: 'ok', ageSeconds: 9 } })).toMatch(
      /^ok {4}health: ok, version 1\.2\.3\nok {4}sweep: its last run ended 9\.0 s ago$/m,
    );
  });

  test.each<['submit' | 'read' | 'admin']>([['submit'], ['read'], ['admin']])(
    'of a key of scope %s alone',
    async (scope) => {
      const client = clientOf(api);
      await client.putTenant('clinic', { title: 'Clinic' });
      const { key } = await client.createKey('clinic', { name: scope, scopes: [scope] });
      const { exit, out } = await run('doctor', { env: { SLIPWAY_API_KEY: key } });
      expect([exit, out]).toEqual([EXIT.ok, expect.stringContaining(`key: good for ${scope}\n`)]);
    },
  );

  test('claims of a key nothing that it has not seen', async () => {
    const broken = JSON.stringify({ code: 'internal', detail: 'The store is broken.', errors: [] });
    const breaking =
      (what: RegExp): typeof fetch =>
      async (input, init) =>
        what.test(input as string) ? new Response(broken, { status: 500 }) : fetch(input, init);
    const { exit, out } = await run('doctor', { fetch: breaking(/cancel$|tenants/) });
    expect([exit, out]).toEqual([EXIT.ok, expect.stringContaining('ok    key: good for read\n')]);
    expect(out).toContain('warn  key: good for submit: not known: The store is broken.\n');
    expect(out).toContain('warn  key: good for admin: not known: The store is broken.\n');
    const none = await run('doctor', { fetch: breaking(/./) });
    expect([none.exit, none.out]).toEqual([
      EXIT.failed,
      expect.stringMatching(/not known[^]*FAIL {2}models: The store/),
    ]);
    expect(none.out).not.toContain('ok    key');
  });

  test.each<[string, number, RegExp, World]>([
    ['a wrong key', EXIT.unauthorised, /FAIL {2}key: This API key is not known/, { env: { SLIPWAY_API_KEY: 'no' } }],
    ['no key', EXIT.usage, /FAIL {2}settings: SLIPWAY_API_KEY is not set/, { env: { SLIPWAY_API_KEY: '' } }],
    ['an old Node', EXIT.failed, /FAIL {2}node: 20\.1\.0, where 24 is needed/, { nodeVersion: '20.1.0' }],
    [
      'something else',
      EXIT.unreachable,
      /FAIL {2}server: .*not as Slipway/s,
      { fetch: async () => new Response('hi') },
    ],
    [
      'a way without encryption',
      EXIT.ok,
      /warn {2}server: .*without\s+encryption/s,
      {
        env: { SLIPWAY_URL: 'http://slipway.example' },
        fetch: (input, init) => fetch((input as string).replace('http://slipway.example', api.url), init),
      },
    ],
  ])('of %s', async (_, exit, says, world) => {
    expect(await run('doctor', world)).toMatchObject({ exit, out: expect.stringMatching(says) });
  });
});
