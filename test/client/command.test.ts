import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../client/command/exit.ts';
import { COMMANDS } from '../../client/command/main.ts';
import { JobResource } from '../../domain/contract/http.ts';
import { KEY, serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { clientOf, fated, type Fate } from './client-rig.ts';
import { interrupted, slipway, type World } from './command-rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const NO_JOB = '0'.repeat(26);
const submitted = async (): Promise<string> =>
  (await clientOf(api).createJob({ model: 'slide-text', input: { text: 'hello' } })).id;
const run = (line: string, world?: World) => slipway(api, line === '' ? [] : line.split(' '), world);
const json = async (line: string, world?: World): Promise<Record<string, unknown>> =>
  JSON.parse((await run(`${line} --json`, world)).out) as Record<string, unknown>;

describe('ends with', () => {
  const unasked = (): World => ({
    fetch: () => {
      throw new RangeError('something was asked');
    },
  });
  const atV1 = (): World => ({ env: { SLIPWAY_URL: `${api.url}/v1` } });
  const away = (): World => ({ ...down(), env: { SLIPWAY_URL: 'https://b.example' } });
  const answering = (text: string): World => ({ fetch: async () => new Response(text) });
  const down = (): World => ({ fetch: fated(Array<Fate>(4).fill('fails before')).fetch });
  test.each<[string, number, string, RegExp, (() => World)?]>([
    ['models', EXIT.ok, 'a list', /^$/],
    ['--help', EXIT.ok, 'help', /^$/],
    ['help submit', EXIT.ok, 'help of one', /^$/],
    ['keys --help', EXIT.ok, 'help of a group', /^$/],
    ['help keys', EXIT.ok, 'help of a group', /^$/],
    ['help sbmit', EXIT.usage, 'help of none', /Did you mean "submit"/],
    ['completion fish', EXIT.usage, 'a shell of another kind', /SHELL can be bash, zsh; not "fish"/],
    ['submit form --set count=1e999', EXIT.usage, 'no number', /too large/],
    ['submit form --set a=[1e999]', EXIT.usage, 'no number', /too large/],
    ['submit form --input {"count":1e999}', EXIT.usage, 'no number', /The number "count" of the input is too large/],
    ['submit form --metadata a=1 --metadata a=2', EXIT.usage, 'a name twice', /--metadata a is given twice/],
    ['', EXIT.usage, 'no command', /Which command/],
    ['submit slide-text', EXIT.failed, 'a refusal', /\/input\/text: is required/],
    [`cancel ${NO_JOB}`, EXIT.notFound, 'what is not there', /There is no job/],
    ['submit nothing', EXIT.failed, 'no such model', /There is no model "nothing"/],
    ['lst', EXIT.usage, 'a word misspelt', /Did you mean "list"/],
    ['keys mkae lab', EXIT.usage, 'a second word misspelt', /list, make, delete[^]*Did you mean "keys make"/],
    ['tenants', EXIT.usage, 'a second word missing', /needs one word more: list, get, put/],
    ['list --stat failed', EXIT.usage, 'an option misspelt', /no option --stat\.\nDid you mean "--state"/],
    ['list --state faild', EXIT.usage, 'a state misspelt', /Did you mean "failed"/],
    ['list --limit many', EXIT.usage, 'no number', /--limit must be a whole number from 1 to 100000, not "many"/],
    ['list --limit', EXIT.usage, 'a value missing', /--limit <value>' argument missing/],
    ['list --all --limit 3', EXIT.usage, 'what does not go together', /do not go together/],
    ['list here', EXIT.usage, 'a word too many', /takes no "here"/],
    ['get', EXIT.usage, 'an argument missing', /needs ID/],
    ['submit form --timeout 3', EXIT.usage, 'a timeout without --wait', /--timeout needs --wait/],
    [
      'plan form --set text=x --set count=0',
      EXIT.failed,
      'an input that does not fit',
      /\/input\/text [^]*\/input\/count /,
    ],
    ['plan none', EXIT.failed, 'no model', /\/model /],
    ['plan', EXIT.usage, 'an argument missing', /needs MODEL/],
    ['plan form --wait', EXIT.usage, 'nothing to wait for', /has no option --wait/],
    ['submit form --input {', EXIT.usage, 'no JSON', /--input is no JSON/],
    ['submit form --input []', EXIT.usage, 'no object', /must be a JSON object/],
    ['submit form --input @none.json', EXIT.usage, 'no file', /none\.json cannot be read: ENOENT/],
    ['submit form --set x', EXIT.usage, 'a field without a value', /--set takes NAME=VALUE/],
    ['submit form --file x', EXIT.usage, 'a file without a path', /--file takes NAME=PATH/],
    ['submit form --file text=none.txt', EXIT.usage, 'no such file', /none\.txt cannot be read: ENOENT/],
    ['submit form --set __proto__.x=1', EXIT.usage, 'a field that is none', /--set takes NAME=VALUE/],
    ['submit form --secret text=hunter22', EXIT.usage, 'a secret for all to see', /^(?![^]*hunter22)[^]*NAME=@FILE/],
    ['submit form --secret text=env:NONE', EXIT.usage, 'no variable', /--secret text: the variable NONE is not set/],
    ['submit form --secret text=@none', EXIT.usage, 'no file of a secret', /none cannot be read: ENOENT/],
    ['tenants put lab', EXIT.usage, 'an option missing', /needs --title/],
    ['submit form --wait --timeout soon', EXIT.usage, 'no time', /--timeout must be a whole number/, unasked],
    ['watch x --timeout 0', EXIT.usage, 'no time', /--timeout must be a whole number/, unasked],
    ['retry x --wait --timeout -', EXIT.usage, 'no time', /--timeout must be a whole number/, unasked],
    ['retry x --timeout 3', EXIT.usage, 'a timeout without --wait', /--timeout needs --wait/, unasked],
    ['models', EXIT.unreachable, 'an address with /v1', /nothing at this address[^]*without \/v1/, atV1],
    ['get x', EXIT.unreachable, 'an address with /v1', /nothing at this address[^]*without \/v1/, atV1],
    ['models', EXIT.usage, 'an empty address', /SLIPWAY_URL is set, but empty/, () => ({ env: { SLIPWAY_URL: '' } })],
    ['doctor', EXIT.usage, 'an empty address', /^$/, () => ({ env: { SLIPWAY_URL: '' } })],
    ['models', EXIT.unreachable, 'nobody far away', /b\.example(?![^]*npm start)[^]*SLIPWAY_URL/, away],
    ['models', EXIT.unreachable, 'another program', /JSON of\s+something else/, () => answering('{}')],
    ['list', EXIT.unreachable, 'another program', /JSON of\s+something else/, () => answering('[1]')],
    ['get x', EXIT.unreachable, 'another program', /JSON of\s+something else/, () => answering('{"id":3}')],
    ['models', EXIT.unreachable, 'nobody there', /cannot be reached: ECONNREFUSED[^]*npm start/, down],
    [
      'doctor',
      EXIT.unreachable,
      'nobody there',
      /^$/,
      () => ({ fetch: async () => Promise.reject(new TypeError('x')) }),
    ],
    [
      'models',
      EXIT.unauthorised,
      'a wrong key',
      /not known[^]*slipway doctor/,
      () => ({ env: { SLIPWAY_API_KEY: 'no' } }),
    ],
    ['models', EXIT.usage, 'no key', /SLIPWAY_API_KEY is not set/, () => ({ env: { SLIPWAY_API_KEY: '' } })],
    ['models', EXIT.usage, 'no address', /SLIPWAY_URL must be/, () => ({ env: { SLIPWAY_URL: 'here' } })],
    ['models', EXIT.interrupted, 'Ctrl-C', /Interrupted/, () => ({ signal: interrupted().signal })],
  ])('%s: %i (%s)', async (...[line, exit, , says, world]) => {
    const ran = await run(line, world?.());
    expect([ran.exit, ran.err]).toEqual([exit, expect.stringMatching(says)]);
    // With --json it is one document, whatever happened; rig.slipway has parsed it.
    if (line === '' || line.includes('help') || line === 'list --limit') return;
    const told = await run(`${line} --json`, world?.());
    expect(told.exit).toBe(exit);
    if (exit !== EXIT.ok && line !== 'doctor') {
      expect(JSON.parse(told.out)).toMatchObject({
        error: { exit, detail: expect.any(String), errors: expect.any(Array) },
      });
    }
    expect(told.out + told.err + ran.out + ran.err).not.toContain(KEY);
  });

  test('1 a fault of our own, with --json too', async () => {
    const clock = {
      nowMs: (): number => {
        throw new RangeError('a bug');
      },
      after: () => () => undefined,
    };
    expect(await run('models', { clock })).toMatchObject({ exit: EXIT.failed, err: expect.stringMatching(/a bug/) });
    expect(await json('models', { clock })).toEqual({
      error: { exit: EXIT.failed, status: null, code: 'internal', detail: 'RangeError: a bug', errors: [] },
    });
  });

  test('a refusal that is said once', async () => {
    const { err } = await run('submit slide-text');
    expect(err).toBe('slipway: /input/text: is required.\n');
    expect((await run('submit form')).err).toMatch(/^ {2}\/input\/text is required\n {2}\/input\/count is required$/m);
  });
});

test('every command explains itself, with examples that name it', async () => {
  const overview = (await run('--help')).out;
  for (const { name, examples } of COMMANDS) {
    expect(overview).toContain(`  ${name}`);
    const { exit, out } = await run(`${name} --help`);
    expect([exit, out]).toEqual([EXIT.ok, expect.stringContaining(`slipway ${name}`)]);
    expect(examples.filter((example) => !example.includes(`slipway ${name}`))).toEqual([]);
  }
});

test('help is of what is named, wherever it is asked for; --version says which', async () => {
  const submit = (await run('submit --help')).out;
  for (const line of ['--help submit', '-h submit', 'submit --set x -h', 'submit --nonsense --help']) {
    expect((await slipway(api, line.split(' '), {})).out).toBe(submit);
  }
  const keys = (await run('keys --help')).out;
  expect(keys).toMatch(/^ {2}keys make TENANT NAME /m);
  expect(keys).not.toContain('tenants');
  expect((await run('help keys')).out).toBe(keys);
  expect((await run('help keys make')).out).toBe((await run('keys make --help')).out);
  expect(await run('--version')).toEqual({ exit: EXIT.ok, out: 'slipway 1.2.3\n', err: '' });
});

describe('submit', () => {
  test('takes JSON, a file, standard input, and fields over it', async () => {
    const inputOf = async (args: string[], world?: World): Promise<unknown> => {
      const { out } = await slipway(api, ['submit', 'form', '--json', ...args], world);
      return JobResource.parse(JSON.parse(out)).input;
    };
    const input = { text: 'abc', count: 2 };
    const text = JSON.stringify(input);
    expect(await inputOf(['--input', text])).toEqual(input);
    expect(await inputOf(['--input', '@in.json'], { files: { 'in.json': text } })).toEqual(input);
    expect(await inputOf(['--input', '-'], { stdin: text })).toEqual(input);
    expect(await inputOf(['--input', '-'], { stdin: `\ufeff${text}` })).toEqual(input);
    const sets = ['--set', 'count=7', '--set', 'page.url=https://x.example/?a=b', '--set', 'text=a b'];
    expect(await inputOf(['--input', text, ...sets])).toEqual({
      text: 'a b',
      count: 7,
      page: { url: 'https://x.example/?a=b' },
    });
  });

  test('takes secrets from a variable or a file, always as text', async () => {
    const world = { env: { WORD: '123456' }, files: { 'word.txt': 'null\n' } };
    const of = async (secret: string) =>
      (await json(`submit slide-text --set text=x --secret ${secret}`, world))['input'];
    expect(await of('text=env:WORD')).toEqual({ text: '123456' });
    expect(await of('text=@word.txt')).toEqual({ text: 'null' });
  });

  test('takes files: a small one goes along, a large one is uploaded, once for one key', async () => {
    const large = 'x'.repeat(64 * 1024 + 1);
    const files = { 'a/note.md': '# hi', 'deck.pdf': large };
    const inputOf = async (line: string): Promise<unknown> => (await json(line, { files }))['input'];
    expect(await inputOf('submit slide-text --file text=a/note.md')).toEqual({
      text: `data:text/markdown;base64,${Buffer.from('# hi').toString('base64')}`,
    });
    const twice = [1, 2].map(() => inputOf('submit slide-text --file text=deck.pdf --key deck-9'));
    const [first, second] = (await Promise.all(twice)) as { text: string }[];
    expect(second).toEqual(first);
    const file = await clientOf(api).getFile(first?.text.replace('slipway:files/', '') ?? '');
    expect(file).toMatchObject({ name: 'deck.pdf', contentType: 'application/pdf', uploaded: true });
    expect(await (await fetch(file.url ?? '')).text()).toBe(large);
  });

  test('makes one job of one key, and says what is with it', async () => {
    const line = 'submit slide-text --set text=hello --key deck-8 --priority high --metadata deck=8';
    const [one, again] = [await json(line), await json(line)];
    expect(again['id']).toBe(one['id']);
    expect(one).toMatchObject({ priority: 'high', metadata: { deck: '8' } });
    const parent = String(one['id']);
    expect(await json(`submit slide-text --set text=x --after ${parent}`)).toMatchObject({ dependsOn: [parent] });
  });

  test('that may have been taken says by which key it is not made twice', async () => {
    const { fetch } = fated(Array<Fate>(4).fill('fails after'));
    const lost = await run('submit slide-text --set text=hello', { fetch });
    expect(lost.exit).toBe(EXIT.unreachable);
    const key = /it is one job with\n {2}--key (\w+)/.exec(lost.err)?.[1] ?? '';
    const before = (await json('list --all'))['items'] as unknown[];
    await run(`submit slide-text --set text=hello --key ${key}`);
    expect((await json('list --all'))['items']).toHaveLength(before.length);
  });

  test.each<[string, () => World]>([
    ['without an answer', () => ({ fetch: fated(Array<Fate>(4).fill('fails after')).fetch })],
    ['by a fault on the way', () => ({ fetch: async () => new Response('<html>', { status: 500 }) })],
    ['with a fault of ours', () => ({ fetch: async () => new Response(INTERNAL, { status: 500 }) })],
    ['at Ctrl-C', () => ({ signal: interrupted().signal })],
  ])('and retry that end %s give back the key, to people and to programs', async (_, world) => {
    const ended = await submitted();
    await run(`cancel ${ended}`);
    for (const line of ['submit slide-text --set text=hello --key deck-9', `retry ${ended} --key deck-9`]) {
      const ran = await run(line, world());
      expect(ran.err).toContain('It may have been taken. Submitted again it is one job with\n  --key deck-9\n');
      const { error } = await json(line, world());
      expect(error).toMatchObject({ exit: ran.exit, job: null, idempotencyKey: 'deck-9', detail: expect.any(String) });
    }
  });
  const INTERNAL = JSON.stringify({ code: 'internal', detail: 'Something broke.', errors: [] });

  test('that is no longer waited for gives back the job', async () => {
    const gone = new AbortController();
    const stop = (): World => ({
      fetch: async (input, init) => {
        if (init?.method === 'GET') gone.abort(interrupted().signal.reason);
        return fetch(input, init);
      },
      signal: gone.signal,
    });
    const { error } = await json('submit slide-text --set text=hello --key deck-10 --wait', stop());
    const made = await json('submit slide-text --set text=hello --key deck-10');
    expect(error).toMatchObject({ exit: EXIT.interrupted, job: made['id'], idempotencyKey: 'deck-10' });
  });

  test('that is refused for too many jobs is not made again, and a refusal gives back no key', async () => {
    const busy = JSON.stringify({ code: 'too_many_jobs', detail: 'Too many wait.', errors: [] });
    const { fetch, asked } = fated([new Response(busy, { status: 429, headers: { 'retry-after': '30' } })]);
    const ran = await run('submit slide-text --set text=hello', { fetch });
    expect([ran.exit, ran.err, asked.length]).toEqual([EXIT.failed, 'slipway: Too many wait.\n', 1]);
  });
});
