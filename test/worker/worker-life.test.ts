import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { catalogueOf, ended, job, server, shell, startWorker, tempFolder } from './harness.ts';
import { ok, refused, ScriptedDoor, unavailable, type CallName } from './scripted-door.ts';

const ECHO = catalogueOf({ echo: shell('cat "$SLIPWAY_INPUT" > "$SLIPWAY_OUTPUT"') });

let door: ScriptedDoor;
beforeEach(async () => {
  door = await new ScriptedDoor().start();
});
afterEach(() => door.stop());

const order = (): CallName[] => door.calls.map((call) => call.name).filter((name) => name !== 'renew');

/** A command model that starts a grandchild which ignores SIGTERM, writes its pid to `file`, and waits. */
const clinging = (file: string) =>
  catalogueOf({
    cling: shell(
      `(trap "" TERM; sleep 60) & echo $! > '${file}.tmp'; mv '${file}.tmp' '${file}'; echo started; trap "" TERM; wait; wait`,
    ),
  });

const started = (): Promise<unknown> =>
  door.seen(({ name, body }) => name === 'report' && JSON.stringify(body['logs']).includes('started'));

describe('ready', () => {
  test('is retried with the same key after a lost and a 503 answer, and then renewed at once', async () => {
    const answers = ['drop', unavailable] as const;
    door.script = ({ name }) => (name === 'ready' ? answers[door.named('ready').length - 1] : undefined);
    const worker = startWorker(door, ECHO);
    expect(await worker.code).toBe(0);
    const tries = door.named('ready').map(({ body }) => body['sessionKey']);
    expect(tries).toHaveLength(3);
    expect(new Set(tries).size).toBe(1);
    expect(tries[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(door.calls[3]?.name).toBe('renew');
    expect(door.calls[3]?.session).toBe(`test@local~0.7.${String(tries[0])}`);
  });

  test('refused: the worker exits 0 without another call', async () => {
    door.script = () => refused;
    expect(await startWorker(door, ECHO).code).toBe(0);
    expect(order()).toEqual(['ready']);
  });

  test('unanswered for longer than patience: the worker exits 1', async () => {
    door.script = () => unavailable;
    expect(await startWorker(door, ECHO, { readyPatienceMs: 150 }).code).toBe(1);
    expect(order().length).toBeGreaterThan(1);
  });
});

describe('a worker', () => {
  test('claims, runs and finishes jobs, idles, releases and exits 0', async () => {
    door.push(job('a', 'echo', { n: 1 }), job('b', 'echo', { n: 2 }, { attempt: 3 }));
    expect(await startWorker(door, ECHO).code).toBe(0);
    expect(order().filter((name) => name !== 'report')).toEqual([
      'ready',
      'claim',
      'finish',
      'claim',
      'finish',
      'claim',
      'release',
    ]);
    expect(await door.outcomeOf('a')).toEqual({ kind: 'succeeded', output: { n: 1 }, artifacts: [], metrics: {} });
    expect(door.named('finish')[1]?.body).toMatchObject({ job: 'b', attempt: 3, outcome: { output: { n: 2 } } });
    const holds = door.named('claim').map(({ body }) => body['holdMs'] as number);
    for (const hold of holds) expect(hold).toBeLessThanOrEqual(50);
    expect(holds[2]).toBeGreaterThan(40);
  });

  test('takes a job that is queued while it idles', async () => {
    door.bounds = { ...door.bounds, idleTimeoutMs: 400 };
    const worker = startWorker(door, ECHO);
    await door.seen(({ name }) => name === 'claim');
    door.push(job('late', 'echo'));
    expect((await door.outcomeOf('late')).kind).toBe('succeeded');
    expect(await worker.code).toBe(0);
  });

  test('told to drain by a claim releases at once', async () => {
    door.bounds = { ...door.bounds, idleTimeoutMs: 20_000 };
    door.script = ({ name }) => (name === 'claim' ? ok({ job: null, drain: true }) : undefined);
    expect(await startWorker(door, ECHO).code).toBe(0);
    expect(order()).toEqual(['ready', 'claim', 'release']);
  });

  test('leaves when its lifetime is over, though it may idle on', async () => {
    door.bounds = { ...door.bounds, idleTimeoutMs: 20_000, maxLifetimeMs: 150 };
    expect(await startWorker(door, ECHO).code).toBe(0);
    expect(order().at(-1)).toBe('release');
  });

  test('does not ask a door that never holds in a tight loop', async () => {
    door.bounds = { ...door.bounds, idleTimeoutMs: 300 };
    door.script = ({ name }) => (name === 'claim' ? ok({ job: null, drain: false }) : undefined);
    expect(await startWorker(door, ECHO, { emptyClaimPauseMs: 100 }).code).toBe(0);
    expect(door.named('claim').length).toBeLessThanOrEqual(5);
  });

  test('that is given no job for too long, though it may hold one, leaves: its lease then ends, and the attempt is lost', async () => {
    door.script = ({ name }) => {
      if (name === 'claim') return unavailable;
      return name === 'release' ? ok({ released: false }) : undefined;
    };
    const worker = startWorker(door, ECHO, { claimPatienceMs: 200, releasePatienceMs: 100 });
    expect(await worker.code).toBe(1);
    expect(door.named('claim').length).toBeGreaterThan(2);
    expect(door.named('finish')).toEqual([]);
    expect(worker.log.join('\n')).toContain('the door answered 503 to claim');
  });

  test('that is given no job for too long gives its slot back where it holds none', async () => {
    door.script = ({ name }) => (name === 'claim' ? unavailable : undefined);
    expect(await startWorker(door, ECHO, { claimPatienceMs: 200 }).code).toBe(1);
    expect(order().at(-1)).toBe('release');
  });

  test('repeats finish until it is answered, and goes on with the next job when an outcome is refused', async () => {
    const answers = ['drop', unavailable, ok({ accepted: false })] as const;
    door.script = ({ name }) => (name === 'finish' ? answers[door.named('finish').length - 1] : undefined);
    door.push(job('a', 'echo'), job('b', 'echo'));
    expect(await startWorker(door, ECHO).code).toBe(0);
    expect(door.named('finish').map(({ body }) => body['job'])).toEqual(['a', 'a', 'a', 'b']);
  });

  test('fails a job whose result the door rejects, naming why', async () => {
    door.script = ({ name, body }) =>
      name === 'finish' && (body['outcome'] as { kind: string }).kind === 'succeeded'
        ? { status: 413, body: { code: 'body_too_large', detail: 'too large' } }
        : undefined;
    door.push(job('a', 'echo'));
    expect(await startWorker(door, ECHO).code).toBe(0);
    expect(door.named('finish')[1]?.body['outcome']).toMatchObject({ error: { kind: 'output_invalid' } });
  });

  test('fails a job whose result the door answers with 5xx for too long, without the result', async () => {
    const succeeded = (body: Record<string, unknown>): boolean =>
      (body['outcome'] as { kind: string }).kind === 'succeeded';
    door.script = ({ name, body }) =>
      name === 'finish' && body['job'] === 'a' && succeeded(body)
        ? { status: 500, body: { code: 'internal' } }
        : undefined;
    door.push(job('a', 'echo'), job('b', 'echo'));
    expect(await startWorker(door, ECHO, { storePatienceMs: 200 }).code).toBe(0);
    const told = door.named('finish').filter(({ body }) => body['job'] === 'a');
    expect(told.filter(({ body }) => succeeded(body)).length).toBeGreaterThan(2);
    expect(told.at(-1)?.body['outcome']).toEqual({
      kind: 'failed',
      error: { kind: 'output_invalid', message: expect.stringMatching(/could not be stored.*500/) },
    });
    expect((await door.outcomeOf('b')).kind).toBe('succeeded');
  });

  test('repeats finish for as long as it gets no answer at all', async () => {
    const sinceMs = Date.now();
    door.script = ({ name }) =>
      name === 'finish' && (door.named('finish').length < 8 || Date.now() - sinceMs < 500) ? 'drop' : undefined;
    door.push(job('a', 'echo'));
    expect(await startWorker(door, ECHO, { storePatienceMs: 50 }).code).toBe(0);
    for (const { body } of door.named('finish')) expect(body['outcome']).toMatchObject({ kind: 'succeeded' });
  });

  test('renews while its models load, and tells one job when none starts', async () => {
    const catalogue = catalogueOf({
      broken: server('setTimeout(() => { console.error("weights are missing"); process.exit(3) }, 500)'),
    });
    door.push(job('a', 'broken'), job('b', 'broken'));
    const worker = startWorker(door, catalogue);
    expect(await worker.code).toBe(1);
    expect(door.named('renew').length).toBeGreaterThanOrEqual(3);
    expect(order()).toEqual(['ready', 'claim', 'report', 'finish', 'release']);
    const [told] = door.named('report');
    const lines = [{ stream: 'stderr', text: 'weights are missing' }];
    expect(told?.body).toMatchObject({ job: 'a', logs: [], setup: { seq: 0, lines } });
    expect(await door.outcomeOf('a')).toMatchObject({
      error: {
        kind: 'startup_failed',
        message: expect.stringMatching(/weights are missing\nAll that was printed: .*phase=setup/),
      },
    });
    expect(worker.log.join('\n')).toContain('weights are missing');
  });

  test('that has none of the models of its queue runs nothing, tells one job and exits 1', async () => {
    door.push(job('a', 'unknown'), job('b', 'unknown'));
    const worker = startWorker(door, ECHO);
    door.bounds = { ...door.bounds, models: ['unknown', 'other'] };
    expect(await worker.code).toBe(1);
    expect(order()).toEqual(['ready', 'claim', 'finish', 'release']);
    expect(await door.outcomeOf('a')).toMatchObject({
      error: { kind: 'startup_failed', message: expect.stringMatching(/has model unknown.*SLIPWAY_MODELS/) },
    });
  });

  test('that lacks one model of its queue fails the jobs of that one and runs the others', async () => {
    door.push(job('a', 'unknown'), job('b', 'echo', { n: 1 }), job('c', 'unknown'));
    const worker = startWorker(door, ECHO);
    door.bounds = { ...door.bounds, models: ['echo', 'unknown'] };
    expect(await worker.code).toBe(0);
    expect(await door.outcomeOf('b')).toMatchObject({ kind: 'succeeded', output: { n: 1 } });
    for (const id of ['a', 'c']) {
      expect(await door.outcomeOf(id)).toMatchObject({
        error: { kind: 'startup_failed', message: expect.stringMatching(/has model unknown.*SLIPWAY_MODELS/) },
      });
    }
  });

  test('fails a job whose program is not installed, naming what to install', async () => {
    const missing = [{ program: 'vina', install: 'apt-get install autodock-vina' }];
    door.push(job('a', 'dock'));
    expect(await startWorker(door, catalogueOf({ dock: shell('true', { missing }) })).code).toBe(0);
    expect(await door.outcomeOf('a')).toMatchObject({
      error: { kind: 'startup_failed', message: expect.stringContaining('apt-get install autodock-vina') },
    });
  });
});

describe('a lease', () => {
  test('that is refused kills the runners and ends the worker with 0', async () => {
    const file = join(tempFolder(), 'pid');
    door.script = ({ name }) => (name === 'renew' && existsSync(file) ? refused : undefined);
    door.push(job('a', 'cling'));
    expect(await startWorker(door, clinging(file)).code).toBe(0);
    await ended(Number(readFileSync(file, 'utf8')));
    expect(door.named('finish')).toEqual([]);
    expect(door.named('release')).toEqual([]);
  });

  test('that cannot be renewed for too long kills the runners and ends the worker with 1', async () => {
    const file = join(tempFolder(), 'pid');
    door.bounds = { ...door.bounds, abandonAfterMs: 600 };
    let silentSinceMs = Infinity;
    door.script = () => {
      if (existsSync(file)) silentSinceMs = Math.min(silentSinceMs, Date.now());
      return existsSync(file) ? 'hang' : undefined;
    };
    door.push(job('a', 'cling'));
    expect(await startWorker(door, clinging(file)).code).toBe(1);
    expect(Date.now() - silentSinceMs).toBeLessThan(900);
    await ended(Number(readFileSync(file, 'utf8')));
  });
});

describe('a worker told to stop', () => {
  test('finishes its job as preempted, kills what ignores it, releases and exits 0', async () => {
    const file = join(tempFolder(), 'pid');
    door.push(job('a', 'cling'));
    const worker = startWorker(door, clinging(file));
    await started();
    worker.preempt();
    expect(await worker.code).toBe(0);
    expect(await door.outcomeOf('a')).toMatchObject({ kind: 'failed', error: { kind: 'preempted' } });
    expect(order().at(-1)).toBe('release');
    await ended(Number(readFileSync(file, 'utf8')));
  });

  test('while it waits for a job hangs up and releases', async () => {
    door.bounds = { ...door.bounds, idleTimeoutMs: 20_000 };
    const worker = startWorker(door, ECHO);
    await door.seen(({ name }) => name === 'claim');
    worker.preempt();
    expect(await worker.code).toBe(0);
    expect(order()).toEqual(['ready', 'claim', 'release']);
  });

  test('hands back a job that its last claim took without its knowing', async () => {
    door.bounds = { ...door.bounds, idleTimeoutMs: 20_000 };
    door.script = ({ name }) => {
      if (name === 'claim')
        return door.named('claim').length === 1 ? 'hang' : ok({ job: job('a', 'echo'), drain: false });
      return name === 'release' && door.named('finish').length === 0 ? ok({ released: false }) : undefined;
    };
    const worker = startWorker(door, ECHO);
    await door.seen(({ name }) => name === 'claim');
    worker.preempt();
    expect(await worker.code).toBe(0);
    expect(await door.outcomeOf('a')).toMatchObject({ kind: 'failed', error: { kind: 'preempted' } });
    expect(order()).toEqual(['ready', 'claim', 'release', 'claim', 'finish', 'release']);
  });

  test('exits within its time though the door hangs', async () => {
    door.push(job('a', 'echo'));
    door.script = ({ name }) => (name === 'finish' ? 'hang' : undefined);
    const worker = startWorker(door, ECHO, { leaveWithinMs: 200 });
    await door.seen(({ name }) => name === 'finish');
    worker.preempt();
    expect(await worker.code).toBe(1);
  });
});
