import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../client/command/exit.ts';
import { COMMANDS } from '../../client/command/main.ts';
import { JobResource } from '../../domain/contract/http.ts';
import { KEY, serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { clientOf, fated, type Fate } from './client-rig.ts';
import { interrupted, moveOn, plain, slipway, type World } from './command-rig.ts';

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
  const down = (): World => ({ fetch: fated(Array<Fate>(4).fill('fails before')).fetch });
  test.each<[string, number, string, RegExp, (() => World)?]>([
    ['models', EXIT.ok, 'a list', /^$/],
    ['--help', EXIT.ok, 'help', /^$/],
    ['help submit', EXIT.ok, 'help of one', /^$/],
    ['', EXIT.usage, 'no command', /Which command/],
    ['submit slide-text', EXIT.failed, 'a refusal', /\/input\/text is required/],
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
    ['submit form --input {', EXIT.usage, 'no JSON', /--input is no JSON/],
    ['submit form --input []', EXIT.usage, 'no object', /must be a JSON object/],
    ['submit form --input @none.json', EXIT.usage, 'no file', /none\.json cannot be read: ENOENT/],
    ['submit form --set x', EXIT.usage, 'a field without a value', /--set takes NAME=VALUE/],
    ['submit form --file x', EXIT.usage, 'a file without a path', /--file takes NAME=PATH/],
    ['submit form --file text=none.txt', EXIT.usage, 'no such file', /none\.txt cannot be read: ENOENT/],
    ['submit form --set __proto__.x=1', EXIT.usage, 'a field that is none', /--set takes NAME=VALUE/],
    ['tenants put lab', EXIT.usage, 'an option missing', /needs --title/],
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

  test('a fault of our own as it is, unexplained', async () => {
    const fetch = (): never => {
      throw new RangeError('a bug');
    };
    const io = {
      fetch,
      random: {
        unit: () => {
          throw new RangeError('a bug');
        },
        hex: () => 'k',
      },
    };
    await expect(run('models', io)).rejects.toThrow('a bug');
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
    const sets = ['--set', 'count=7', '--set', 'page.url=https://x.example/?a=b', '--set', 'text=a b'];
    expect(await inputOf(['--input', text, ...sets])).toEqual({
      text: 'a b',
      count: 7,
      page: { url: 'https://x.example/?a=b' },
    });
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
});

describe('watch', () => {
  const RUNNING: Partial<JobRunning> = {
    progress: { fraction: 0.5, message: 'page 2\u001b[2J of 4', atMs: 0 },
    attempt: 1,
  };
  type JobRunning = Parameters<typeof moveOn>[2][number][1];

  test('shows a bar on a terminal, then the job; what a model says cannot steer the terminal', async () => {
    const id = await submitted();
    await moveOn(api, id, [['running', RUNNING]]);
    let isTold = false;
    const ran = await run(`watch ${id}`, {
      isTerminal: { stdout: true, stderr: true },
      columns: 60,
      onStderr: () => {
        if (isTold) return;
        isTold = true;
        void moveOn(api, id, [['succeeded', { output: { text: 'x'.repeat(100) } }]]);
      },
    });
    expect(ran.exit).toBe(EXIT.ok);
    expect(ran.err).toContain('\r[##########----------]  50 %  running page 2 [2J of 4\u001b[K');
    expect(ran.err).toContain('\r[####################] 100 %  succeeded\u001b[K\n');
    expect(plain(ran.out)).toMatch(/^state +succeeded$/m);
    expect(ran.out).toContain('\u001b[32msucceeded');
    expect(ran.out).toMatch(/^ {2}"text": "x+…$/m);
  });

  test('is lines elsewhere, and 1 for a job that did not succeed', async () => {
    const id = await submitted();
    const ran = await run(`watch ${id}`, { onStderr: () => void clientOf(api).cancelJob(id) });
    expect(ran).toMatchObject({ exit: EXIT.failed, err: `${id}  queued\n${id}  canceled\n` });
    expect(await json(`watch ${id}`)).toMatchObject({ id, state: 'canceled' });
  });

  test('gives up at its time: 6, and says that the job goes on', async () => {
    const id = await submitted();
    const clock = {
      nowMs: () => 0,
      after: (ms: number, fn: () => void) => (ms === 5_000 && setImmediate(fn), () => undefined),
    };
    const ran = await run(`watch ${id} --timeout 5`, { clock });
    expect(ran.exit).toBe(EXIT.timedOut);
    expect(ran.err).toMatch(/after 5 s; it goes on/);
  });

  test('ends at Ctrl-C: 130, and the job goes on', async () => {
    const id = await submitted();
    const gone = new AbortController();
    const { signal } = interrupted();
    const ran = await run(`watch ${id}`, { signal: gone.signal, onStderr: () => gone.abort(signal.reason) });
    expect(ran.exit).toBe(EXIT.interrupted);
    expect((await clientOf(api).getJob(id)).state).toBe('queued');
  });

  test('is what submit --wait does, whose stdout has the result alone', async () => {
    const ran = await run('submit slide-text --set text=hello --wait --timeout 60', {
      onStderr: (text) => void (/^(\w{26}) {2}queued/.test(text) && clientOf(api).cancelJob(text.slice(0, 26))),
    });
    expect(ran.exit).toBe(EXIT.failed);
    expect(ran.out).toMatch(/^job +\w{26}\n/);
  });
});
