import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cellsOf } from '../../client/command/cells.ts';
import { EXIT } from '../../client/command/exit.ts';
import { serveApi, type TestApi } from '../api/serve-api.ts';
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

const submitted = async (): Promise<string> =>
  (await clientOf(api).createJob({ model: 'slide-text', input: { text: 'hello' } })).id;
const run = (line: string, world?: World) => slipway(api, line.split(' '), world);
const json = async (line: string, world?: World): Promise<Record<string, unknown>> =>
  JSON.parse((await run(`${line} --json`, world)).out) as Record<string, unknown>;

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

  test('draws as wide as the terminal is by now, and on a dumb one in lines', async () => {
    const id = await submitted();
    await moveOn(api, id, [
      ['running', { ...RUNNING, progress: { fraction: 0.5, message: '漢字'.repeat(60), atMs: 0 } }],
    ]);
    const isTerminal = { stdout: false, stderr: true };
    let ending: Promise<void> | null = null;
    const wide = await run(`watch ${id}`, {
      isTerminal,
      columns: 120,
      stderrColumns: () => 50,
      onStderr: () => void (ending ??= moveOn(api, id, [['succeeded', {}]])),
    });
    const [first = ''] = plain(wide.err).split('\r').filter(Boolean);
    expect(cellsOf(first)).toBeGreaterThan(44);
    expect(cellsOf(first)).toBeLessThan(50);
    const dumb = await run(`watch ${await submitted()}`, {
      isTerminal,
      env: { TERM: 'dumb' },
      onStderr: (text) => void clientOf(api).cancelJob(text.slice(0, 26)),
    });
    expect(dumb.err).not.toMatch(/[\r\u001b]/);
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

  test('goes on through an outage of minutes, of which it says one line', async () => {
    const id = await submitted();
    await clientOf(api).cancelJob(id);
    const random = { unit: () => 0.9, hex: () => 'k' };
    const down = (): World => ({ random, fetch: fated(Array<Fate>(30).fill('fails before')).fetch });
    for (const line of [`watch ${id}`, `logs ${id} -f`, `watch ${id} --timeout 3600`]) {
      const ran = await run(line, down());
      expect(ran.err.match(/ECONNREFUSED; trying\s+again\s+in \d+ s,\s+Ctrl-C\s+ends/g)).toHaveLength(1);
      expect(ran.exit).toBe(line.startsWith('logs') ? EXIT.ok : EXIT.failed);
    }
    const forever: World = { random, fetch: () => Promise.reject(new TypeError('down')) };
    expect((await run(`logs ${id} -f`, forever)).exit).toBe(EXIT.unreachable);
  });

  test('is told when it waits because it is asked to', async () => {
    const busy = new Response('', { status: 429, headers: { 'retry-after': '9' } });
    const ran = await run('models', { fetch: fated([busy]).fetch });
    expect(ran).toMatchObject({
      exit: EXIT.ok,
      err: expect.stringMatching(/^not now \(429\); trying again in (9|10) s, Ctrl-C ends\n$/),
    });
  });

  test('is what submit --wait does, whose stdout has the result alone', async () => {
    const ran = await run('submit slide-text --set text=hello --wait --timeout 60', {
      onStderr: (text) => void (/^(\w{26}) {2}queued/.test(text) && clientOf(api).cancelJob(text.slice(0, 26))),
    });
    expect(ran.exit).toBe(EXIT.failed);
    expect(ran.out).toMatch(/^job +\w{26}\n/);
  });
});
