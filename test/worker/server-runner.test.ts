import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { catalogueOf, ended, job, server, shell, startWorker, tempFolder } from './harness.ts';
import { ok, ScriptedDoor } from './scripted-door.ts';

/** A server whose `run(input, say, response)` is the given code; `say` writes a line of the answer. */
const running = (run: string, before = ''): string => `
import { createServer } from 'node:http';
import { existsSync, writeFileSync } from 'node:fs';
${before}
let healthy = true;
createServer((request, response) => {
  if (request.url === '/health') return response.writeHead(healthy ? 200 : 503).end();
  let body = '';
  request.on('data', (chunk) => (body += chunk)).on('end', async () => {
    const { job, input, workdir } = JSON.parse(body);
    const say = (line) => response.write(JSON.stringify(line) + '\\n');
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    ${run}
  });
}).listen(process.env.PORT, '127.0.0.1');`;

const PID = running('say({ output: { pid: process.pid, job } }); response.end();');

let door: ScriptedDoor;
beforeEach(async () => {
  door = await new ScriptedDoor().start();
});
afterEach(() => door.stop());

const pidOf = async (id: string): Promise<number> =>
  ((await door.outcomeOf(id)) as { output: { pid: number } }).output.pid;
const failed = (kind: string, message: RegExp) => ({
  kind: 'failed',
  error: { kind, message: expect.stringMatching(message) },
});

describe('a server', () => {
  test('stays warm between jobs, says how long it loaded, and ends with its worker', async () => {
    door.push(job('a', 'm'), job('b', 'm'));
    expect(await startWorker(door, catalogueOf({ m: server(PID) })).code).toBe(0);
    expect(await pidOf('a')).toBe(await pidOf('b'));
    expect(door.named('claim')[0]?.body['loadMs']).toBeGreaterThan(0);
    await ended(await pidOf('a'));
  });

  test('is reported from while it answers, and has its files uploaded', async () => {
    const source = running(`
      console.log('own output'); say({ progress: { fraction: 0.5, message: 'page 1' } }); say({ metric: { name: 'pages', value: 2 } }); say({ log: 'said' });
      writeFileSync(workdir + '/page.png', 'png'); say({ artifact: { name: 'page.png', path: workdir + '/page.png', contentType: 'image/png' } });
      await new Promise((resolve) => setTimeout(resolve, 150));
      response.end(JSON.stringify({ output: { pages: 2 } }));`);
    door.push(job('a', 'm'));
    await startWorker(door, catalogueOf({ m: server(source) })).code;
    expect(await door.outcomeOf('a')).toMatchObject({
      kind: 'succeeded',
      output: { pages: 2 },
      artifacts: [{ name: 'page.png', sizeBytes: 3 }],
      metrics: { pages: 2 },
    });
    expect(door.uploads.get('/blobs/a/page.png')?.bytes.toString()).toBe('png');
    expect(door.logOf('a').sort()).toEqual(['own output', 'said']);
    expect(door.named('report').map(({ body }) => body['progress'])).toContainEqual({
      fraction: 0.5,
      message: 'page 1',
    });
  });

  test('that dies takes its job with it, and is started again for the next', async () => {
    const source = running(`
      if (input.die) { console.error('Segmentation fault'); process.exit(9); }
      say({ output: { pid: process.pid } }); response.end();`);
    door.push(job('a', 'm'), job('b', 'm', { die: true }), job('c', 'm'));
    expect(await startWorker(door, catalogueOf({ m: server(source) })).code).toBe(0);
    expect(await door.outcomeOf('b')).toMatchObject(failed('crash', /exit code 9[^]*Segmentation fault/));
    expect(await pidOf('c')).not.toBe(await pidOf('a'));
  });

  test('that dies as a rule says fails its job as the rule says', async () => {
    const rules = [{ output: 'CUDA out of memory', kind: 'gpu_out_of_memory', message: 'Too large for this GPU.' }];
    door.push(job('a', 'm'));
    await startWorker(
      door,
      catalogueOf({ m: server(running(`console.error('CUDA out of memory'); process.exit(1)`), { rules }) }),
    ).code;
    expect(await door.outcomeOf('a')).toMatchObject(failed('gpu_out_of_memory', /^Too large for this GPU\.$/));
  });

  test('that dies and cannot be started again ends its worker with 1: one more job is told why, and the slot released', async () => {
    const before = `if (existsSync('ran')) { console.error('the device is gone'); process.exit(1); } writeFileSync('ran', '');`;
    door.push(job('a', 'm'), job('b', 'm'), job('c', 'm'));
    const worker = startWorker(door, catalogueOf({ m: server(running('process.exit(1)', before)) }));
    expect(await worker.code).toBe(1);
    expect(door.named('finish').map(({ body }) => body['job'])).toEqual(['a', 'b']);
    expect(await door.outcomeOf('b')).toMatchObject({
      error: { kind: 'startup_failed', message: expect.stringContaining('the device is gone') },
    });
    expect(door.calls.at(-1)?.name).toBe('release');
    expect(worker.log.join('\n')).toContain('the device is gone');
  });

  test('that dies while its worker waits is started again for the job that comes', async () => {
    door.bounds = { ...door.bounds, idleTimeoutMs: 5_000 };
    door.push(job('a', 'm'));
    const worker = startWorker(door, catalogueOf({ m: server(PID) }));
    const first = await pidOf('a');
    await door.seen(() => door.named('claim').length === 2);
    process.kill(first, 'SIGKILL');
    await ended(first);
    // The first to come may still meet the broken connection, and is then tried again as its next attempt.
    door.push(job('b', 'm'), job('c', 'm'));
    expect(await pidOf('c')).not.toBe(first);
    worker.preempt();
    expect(await worker.code).toBe(0);
  });

  test.each([
    [
      'an error of its own',
      `say({ error: { kind: 'invalid_input', message: 'no pages' } }); response.end();`,
      failed('invalid_input', /^no pages$/),
    ],
    ['an end without output', 'response.end();', failed('crash', /without output or error/)],
    [
      'a broken connection',
      `say({ log: 'x' }); setTimeout(() => response.destroy(), 50);`,
      failed('crash', /connection to the server broke/),
    ],
    [
      'an output of the wrong shape',
      'say({ output: 7 }); response.end();',
      failed('output_invalid', /output must be object/),
    ],
  ])('that answers with %s fails the job and takes the next', async (_, code, outcome) => {
    const source = running(`if (input.first) { ${code} } else { say({ output: {} }); response.end(); }`);
    door.push(job('a', 'm', { first: true }), job('b', 'm'));
    expect(await startWorker(door, catalogueOf({ m: server(source, { output: { type: 'object' } }) })).code).toBe(0);
    expect(await door.outcomeOf('a')).toMatchObject(outcome);
    expect(await door.outcomeOf('b')).toMatchObject({ kind: 'succeeded' });
  });

  test('whose job is canceled has its connection dropped and stays warm', async () => {
    const source = running(`
      if (input.wait) return response.on('close', () => writeFileSync('dropped', '')) && say({ log: 'started' });
      say({ output: { pid: process.pid, dropped: existsSync('dropped') } }); response.end();`);
    door.script = ({ name, body }) =>
      name === 'report' && body['job'] === 'b' && JSON.stringify(body['logs']).includes('started')
        ? ok({ cancel: true })
        : undefined;
    door.push(job('a', 'm'), job('b', 'm', { wait: true }), job('c', 'm'));
    expect(await startWorker(door, catalogueOf({ m: server(source) })).code).toBe(0);
    expect(await door.outcomeOf('b')).toEqual({ kind: 'canceled' });
    expect(await door.outcomeOf('c')).toMatchObject({ output: { pid: await pidOf('a'), dropped: true } });
  });

  test('that cannot leave a job that timed out is killed and started again', async () => {
    const source = running(`
      if (input.hang) return void (healthy = false);
      say({ output: { pid: process.pid } }); response.end();`);
    door.push(job('a', 'm'), job('b', 'm', { hang: true }, { runTimeoutMs: 200 }), job('c', 'm'));
    expect(await startWorker(door, catalogueOf({ m: server(source) }), { killAfterMs: 200 }).code).toBe(0);
    expect(await door.outcomeOf('b')).toMatchObject(failed('timeout', /run timeout/));
    expect(await pidOf('c')).not.toBe(await pidOf('a'));
    await ended(await pidOf('a'));
  });

  test.each([
    ['a job that timed out', 200, false],
    ['a canceled job', 20_000, true],
  ])('of this repository that does not leave %s is killed and started again', async (_, runTimeoutMs, cancel) => {
    const serveModel = join(import.meta.dirname, '../../gpu-job/models/serve-model.ts');
    const source = `import { serveModel } from ${JSON.stringify(serveModel)};
      await serveModel(import.meta.dirname, async () => async (input, task) => {
        if (!input.hang) return { pid: process.pid };
        task.progress(0.1, 'started');
        return new Promise(() => undefined);
      });`;
    const declared = server(source);
    const yaml = {
      name: 'm',
      title: 'm',
      description: 'm',
      pool: 'test',
      input: {},
      output: {},
      runner: declared.runner,
    };
    const files = { ...declared.files, 'model.yaml': JSON.stringify(yaml) };
    door.script = ({ name, body }) =>
      cancel && name === 'report' && body['job'] === 'b' && body['progress'] !== null
        ? ok({ cancel: true })
        : undefined;
    door.push(job('a', 'm'), job('b', 'm', { hang: true }, { runTimeoutMs }));
    door.push(job('c', 'm', {}, { runTimeoutMs: 5_000 }), job('d', 'm', {}, { runTimeoutMs: 5_000 }));
    expect(await startWorker(door, catalogueOf({ m: { ...declared, files } }), { killAfterMs: 300 }).code).toBe(0);
    expect(await door.outcomeOf('b')).toMatchObject(cancel ? { kind: 'canceled' } : failed('timeout', /run timeout/));
    expect(await pidOf('c')).not.toBe(await pidOf('a'));
    expect(await pidOf('d')).toBe(await pidOf('c'));
    await ended(await pidOf('a'));
  });

  test('that refuses a job at endless length has the beginning of that quoted', async () => {
    const source = `import { createServer } from 'node:http';
      createServer((request, response) => {
        if (request.url === '/health') return response.end();
        response.writeHead(500);
        const more = () => { while (!response.destroyed && response.write('no room '.repeat(100))); response.once('drain', more); };
        more();
      }).listen(process.env.PORT, '127.0.0.1');`;
    door.push(job('a', 'm', {}, { runTimeoutMs: 3_000 }));
    await startWorker(door, catalogueOf({ m: server(source) })).code;
    const outcome = await door.outcomeOf('a');
    expect(outcome).toMatchObject(failed('crash', /answered 500 to \/run: no room no room/));
    expect(outcome).toMatchObject({ error: { message: expect.stringMatching(/^[^]{1000,1500}$/) } });
  });

  test('whose answer names artifacts without end fails as output_invalid', async () => {
    const source = running(`
      for (let i = 0; i < 3_000; i += 1) say({ artifact: { name: 'f' + i, path: workdir + '/f' } });
      say({ output: {} }); response.end();`);
    door.push(job('a', 'm'));
    await startWorker(door, catalogueOf({ m: server(source) })).code;
    expect(await door.outcomeOf('a')).toMatchObject(failed('output_invalid', /more than 200 artifacts/));
  });

  test('whose port was taken in between is started on another', async () => {
    const before = `if (!existsSync('tried')) { writeFileSync('tried', ''); console.error('Error: listen EADDRINUSE: address already in use'); process.exit(1); }`;
    const source = running('say({ output: { pid: process.pid } }); response.end();', before);
    door.push(job('a', 'm'));
    expect(await startWorker(door, catalogueOf({ m: server(source) })).code).toBe(0);
    expect(await door.outcomeOf('a')).toMatchObject({ kind: 'succeeded' });
  });

  test('sees a clean environment', async () => {
    door.push(job('a', 'm'));
    await startWorker(door, catalogueOf({ m: server(running('say({ output: process.env }); response.end();')) })).code;
    const { output } = (await door.outcomeOf('a')) as { output: Record<string, string> };
    expect(output['PORT']).toMatch(/^\d+$/);
    expect(Object.keys(output).filter((name) => name.startsWith('SLIPWAY'))).toEqual([]);
    expect(JSON.stringify(output)).not.toMatch(/ticket-1|door-token/);
  });
});

describe('a pool with a model that does not start', () => {
  const flag = (): string => join(tempFolder(), 'mended');
  const broken = (mended: string): string =>
    running(
      'say({ output: { pid: process.pid } }); response.end();',
      `if (!existsSync(${JSON.stringify(mended)})) { console.error('weights are missing'); process.exit(3); }`,
    );
  const told = { error: { kind: 'startup_failed', message: expect.stringContaining('weights are missing') } };

  test('runs the others, and fails the jobs of that one with its reason', async () => {
    const catalogue = catalogueOf({
      whole: server(PID),
      broken: server(broken(flag())),
      echo: shell('cat "$SLIPWAY_INPUT" > "$SLIPWAY_OUTPUT"'),
    });
    door.push(job('a', 'broken'), job('b', 'whole'), job('c', 'broken'), job('d', 'echo'), job('e', 'whole'));
    expect(await startWorker(door, catalogue).code).toBe(0);
    expect(await door.outcomeOf('a')).toMatchObject(told);
    expect(await door.outcomeOf('c')).toMatchObject(told);
    expect((await door.outcomeOf('d')).kind).toBe('succeeded');
    expect(await pidOf('b')).toBe(await pidOf('e'));
  });

  test('starts it again for each job that is for it', async () => {
    const mended = flag();
    door.bounds = { ...door.bounds, idleTimeoutMs: 5_000 };
    const worker = startWorker(door, catalogueOf({ whole: server(PID), broken: server(broken(mended)) }));
    door.push(job('a', 'broken'));
    expect(await door.outcomeOf('a')).toMatchObject(told);
    writeFileSync(mended, '');
    door.push(job('b', 'broken', {}, { runTimeoutMs: 5_000 }), job('c', 'broken'));
    expect(await pidOf('b')).toBe(await pidOf('c'));
    worker.preempt();
    expect(await worker.code).toBe(0);
  });

  test('tells one job and gives the slot back when none of its models starts', async () => {
    door.push(job('a', 'two'), job('b', 'two'));
    const catalogue = catalogueOf({
      one: server(`console.error('no device'); process.exit(1)`),
      two: server(broken(flag())),
    });
    expect(await startWorker(door, catalogue).code).toBe(1);
    expect(door.named('finish')).toHaveLength(1);
    expect(await door.outcomeOf('a')).toMatchObject(told);
    expect(door.calls.at(-1)?.name).toBe('release');
  });
});
