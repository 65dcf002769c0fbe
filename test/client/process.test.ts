import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { COMMANDS } from '../../client/command/main.ts';
import { signedHeaders } from '../../functions/deliver/sign.ts';
import { newFolder, removeFolders } from '../local/folder.ts';
import { type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const START = join(ROOT, 'client/start.js');

/** A word for the shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
/** Scripts say `slipway`; it is the real start file, on the Node of this test. */
const PREFIX = `set -euo pipefail\nslipway() { ${quoted(process.execPath)} ${quoted(START)} "$@"; }\n`;

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

function bash(script: string, env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const all = { PATH: process.env['PATH'] ?? '', HOME: newFolder(), ...env };
    execFile('bash', ['-c', PREFIX + script], { env: all, cwd: newFolder() }, (error, out, err) =>
      resolve({ exit: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

/** One of the programs of docs/14-command.md in a file, made for where things are here. */
async function programOf(index: number, url: string): Promise<string> {
  const text = await readFile(join(ROOT, 'docs/14-command.md'), 'utf8');
  const programs = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, program = '']) => program);
  const file = join(newFolder(), 'program.ts');
  const here = (programs[index] ?? '')
    .replace("'./client/index.ts'", JSON.stringify(pathToFileURL(join(ROOT, 'client/index.ts')).href))
    .replace("'http://127.0.0.1:8080'", JSON.stringify(url))
    .replace("listen(8081, '127.0.0.1')", "listen(0, '127.0.0.1', () => console.log(server.address().port))");
  await writeFile(file, here);
  return file;
}

afterAll(() => removeFolders());

test('the receiver of docs/14-command.md believes what is signed, and nothing else', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const child = spawn(process.execPath, [await programOf(1, '')], {
    env: { WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value: port } = await lines.next();
    const body = JSON.stringify({ type: 'job.succeeded', data: { id: 'j1' } });
    const headers = signedHeaders(secret, { id: 'm1', timestampSeconds: Math.floor(Date.now() / 1_000), body });
    const send = async (text: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body: text })).status;
    expect([await send(`${body} `), await send(body)]).toEqual([401, 204]);
    expect((await lines.next()).value).toBe('job.succeeded j1');
  } finally {
    child.kill();
  }
}, 60_000);

describe('the process', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await testStack({ settings: UNHURRIED, modelFolders: [join(ROOT, 'gpu-job/models')] });
  }, 60_000);
  afterAll(() => stack.stop());
  const env = () => ({ SLIPWAY_URL: stack.url, SLIPWAY_API_KEY: stack.apiKey });

  test('runs the examples of docs/14-command.md, one after the other, on a whole stack', async () => {
    const text = await readFile(join(ROOT, 'docs/14-command.md'), 'utf8');
    const scripts = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, script = '']) => script);
    expect(scripts).toHaveLength(3);
    const ended = await bash(scripts.join('\n'), env());
    expect(ended).toMatchObject({ exit: 0, err: expect.stringContaining('succeeded') });
    expect(ended.out).toContain('C2H6O');
    expect(ended.out).toMatch(/^ok {4}key: good for submit, read, admin$/m);
  }, 120_000);

  test('runs the program of docs/14-command.md', async () => {
    const ended = await bash(`${quoted(process.execPath)} ${quoted(await programOf(0, stack.url))}`, env());
    expect(ended).toMatchObject({ exit: 0, err: '' });
    expect(ended.out).toMatch(/^\w{26} succeeded$/m);
    expect(ended.out).toMatch(/^2\S+Z job\.queued\n(.+\n)*2\S+Z job\.succeeded$/m);
  }, 120_000);

  test('runs what README says to try first', async () => {
    const text = await readFile(join(ROOT, 'README.md'), 'utf8');
    const scripts = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, script = '']) => script);
    const [first = ''] = scripts.filter((script) => script.includes('npx slipway'));
    // The key is the stack's, and npx the start file that it would find.
    const script = first.replace(/^export SLIPWAY_API_KEY=.*$/m, 'npx() { "$@"; }');
    expect(await bash(script, env())).toMatchObject({ exit: 0, out: expect.stringMatching(/^state +succeeded$/m) });
  }, 120_000);

  test('has the exit code of what happened, and stops quietly when nobody reads on', async () => {
    expect((await bash('slipway get 00000000000000000000000000 --json', env())).exit).toBe(5);
    expect((await bash('slipway models', { SLIPWAY_URL: 'http://127.0.0.1:1', SLIPWAY_API_KEY: 'k' })).exit).toBe(3);
    expect(await bash('slipway --help | head -1', env())).toEqual({
      exit: 0,
      out: 'slipway: submit GPU jobs and follow them\n',
      err: '',
    });
  }, 60_000);
});

describe('a pipe that nobody reads', () => {
  const nobody = { SLIPWAY_URL: 'http://127.0.0.1:1', SLIPWAY_API_KEY: 'k' };
  test.each<[string, string, number]>([
    ['stdout', 'slipway get x --json >&5', 3],
    ['stderr', 'slipway lst 2>&5', 2],
    ['stdout, of what goes well', 'slipway --help >&5', 0],
  ])(
    '%s: the exit code is that of what happened',
    async (_, line, exit) => {
      // Its reader is gone before it writes.
      const script = `exec 4>&1 5> >(true)\nwait $!\n{ ${line}; } || code=$?\necho "exit \${code:-0}" >&4`;
      expect((await bash(script, nobody)).out).toBe(`exit ${exit}\n`);
    },
    60_000,
  );

  test('a disk that is full is said', async () => {
    const ended = await bash('slipway --help > /dev/full');
    expect(ended).toEqual({ exit: 1, out: '', err: 'slipway: its output cannot be written: ENOSPC.\n' });
  }, 60_000);
});

test('Ctrl-C ends a submission whose input is still to come', async () => {
  const child = spawn(process.execPath, [START, 'submit', 'form', '--input', '-'], {
    env: { SLIPWAY_API_KEY: 'k' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  // More than a pipe holds: once it is through, the command is reading.
  await new Promise<void>((resolve) => child.stdin.write(' '.repeat(1_000_000), () => resolve()));
  child.stdin.on('error', () => undefined);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
}, 60_000);

describe('completion in bash', () => {
  const complete = async (...words: string[]): Promise<string[]> => {
    const list = ['slipway', ...words].map(quoted).join(' ');
    const { out, err } = await bash(
      `source <(slipway completion bash)\nset +u\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length}\n_slipway\necho "\${COMPREPLY[@]}"`,
    );
    expect(err).toBe('');
    return out.trim().split(/\s+/).filter(Boolean);
  };

  test('has every command', async () => {
    const firsts = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]))];
    expect(await complete('')).toEqual(firsts);
  });

  test.each<[string[], string[]]>([
    [['li'], ['list']],
    [
      ['keys', ''],
      ['list', 'make', 'delete'],
    ],
    [['tenants', 'p'], ['put']],
    [['list', '--s'], ['--state']],
    [['list', '--state', 'f'], ['failed']],
    [
      ['keys', 'make', 'lab', 'ci', '--scope', ''],
      ['submit', 'read', 'admin'],
    ],
    [['submit', 'form', '--w'], ['--wait']],
    [
      ['completion', ''],
      ['bash', 'zsh', '--json', '--help'],
    ],
  ])('of %j is %j', async (words, expected) => {
    expect(await complete(...words)).toEqual(expected);
  });
});
