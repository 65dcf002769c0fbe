import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../domain/contract/door.ts';
import { catalogueOf, ended, job, shell, startWorker, tempFolder, type ModelFiles } from './harness.ts';
import { ok, ScriptedDoor } from './scripted-door.ts';

const OUTPUT = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
const DONE = `echo '{"n":1}' > "$SLIPWAY_OUTPUT"`;
const failed = (kind: string, message: string | RegExp = /./) => ({
  kind: 'failed',
  error: { kind, message: typeof message === 'string' ? message : expect.stringMatching(message) },
});
const TOO_LARGE = 'whose output is too large for its job has it kept as an artifact, beside its own of that name';
const artifact = (name: string, contentType: string, sizeBytes: number, id: string) => ({
  name,
  contentType,
  sizeBytes,
  path: `/blobs/${id}/${name}`,
});

/** Each is a model of its own, run once by one and the same worker. */
const CASES: Record<string, { model: ModelFiles; input?: unknown; outcome: object }> = {
  'that writes its output and exits 0 succeeds': {
    model: shell(`echo '{"metric":{"name":"score","value":0.5}}'; ${DONE}`, { output: OUTPUT }),
    outcome: { kind: 'succeeded', output: { n: 1 }, artifacts: [], metrics: { score: 0.5 } },
  },
  'gets its placeholders filled and its files found': {
    model: {
      runner: {
        kind: 'command',
        program: 'node',
        args: ['main.mjs', '{input}', '--out={output}', '{artifacts}', '{model}', 'plain'],
      },
      files: {
        'main.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
          const [input, output, artifacts, model, plain] = process.argv.slice(2);
          const same = [input === process.env.SLIPWAY_INPUT, output === '--out=' + process.env.SLIPWAY_OUTPUT, artifacts === process.env.SLIPWAY_ARTIFACTS];
          writeFileSync(output.slice(6), JSON.stringify({ same, plain, beside: readFileSync(model + '/main.mjs').length > 0, input: JSON.parse(readFileSync(input)), major: process.versions.node.split('.')[0] }));`,
      },
    },
    input: { a: 'ü' },
    outcome: {
      output: {
        same: [true, true, true],
        plain: 'plain',
        beside: true,
        input: { a: 'ü' },
        major: process.versions.node.split('.')[0],
      },
    },
  },
  'that names artifacts without end has an invalid output': {
    model: shell(`for i in $(seq 1500); do echo '{"artifact":{"name":"f","path":"f"}}'; done; ${DONE}`),
    outcome: failed('output_invalid', /more than 200 artifacts/),
  },
  'that leaves too many artifacts in its folder has an invalid output': {
    model: shell(`cd "$SLIPWAY_ARTIFACTS"; seq 1500 | xargs touch; ${DONE}`),
    outcome: failed('output_invalid', /more than 200 artifacts/),
  },
  'that ends with another code crashes with its last lines': {
    model: shell('echo working; echo "no such file" >&2; exit 3'),
    outcome: failed('crash', /exit code 3[^]*no such file/),
  },
  'that is not there crashes and says so': {
    model: { runner: { kind: 'command', program: 'no-such-program' } },
    outcome: failed('crash', /not found/),
  },
  'that ends as a rule says fails as the rule says': {
    model: shell('echo "torch.OutOfMemoryError: CUDA out of memory"; exit 1', {
      rules: [
        { exitCode: 1, output: 'CUDA out of memory', kind: 'gpu_out_of_memory', message: 'Too large for this GPU.' },
      ],
    }),
    outcome: failed('gpu_out_of_memory', 'Too large for this GPU.'),
  },
  'that exits 0 with words of a rule and no output fails as the rule says': {
    model: shell('echo "WARNING: ran out of memory, skipping batch"', {
      rules: [{ output: 'ran out of memory', kind: 'gpu_out_of_memory' }],
    }),
    outcome: failed('gpu_out_of_memory', /skipping batch/),
  },
  'that writes nothing has an invalid output': {
    model: shell('true'),
    outcome: failed('output_invalid', /no output file/),
  },
  'that writes no JSON has an invalid output': {
    model: shell('echo "{oops" > "$SLIPWAY_OUTPUT"'),
    outcome: failed('output_invalid', /not JSON/),
  },
  'whose output does not fit its schema has an invalid output': {
    model: shell(`echo '{"n":"one"}' > "$SLIPWAY_OUTPUT"`, { output: OUTPUT }),
    outcome: failed('output_invalid', /output\/n must be integer/),
  },
  'whose output is too large has an invalid output': {
    model: shell(`echo '{"n":1,"s":"0123456789"}' > "$SLIPWAY_OUTPUT"`, {
      limits: { maxOutputBytes: 20, maxArtifactBytes: 23 },
    }),
    outcome: failed('output_invalid', /has 24 bytes; the model's bound is 23/),
  },
  // davefojtik/RunPod-Fooocus-API#46: the work was done, and then "Failed to return job results 400".
  [TOO_LARGE]: {
    model: shell(`echo '{"n":1,"s":"0123456789"}' > "$SLIPWAY_OUTPUT"; printf own > "$SLIPWAY_ARTIFACTS/output.json"`, {
      limits: { maxOutputBytes: 20 },
    }),
    outcome: {
      kind: 'succeeded',
      output: null,
      outputArtifact: 'output-1.json',
      artifacts: [
        artifact('output.json', 'application/json', 3, TOO_LARGE),
        artifact('output-1.json', 'application/json', 24, TOO_LARGE),
      ],
    },
  },
  'has the files that it made uploaded': {
    model: shell(
      `printf png > "$SLIPWAY_ARTIFACTS/page-1.png"; : > "$SLIPWAY_ARTIFACTS/empty.txt"; printf '%s' text > made.dat
       echo '{"artifact":{"name":"made.txt","path":"made.dat","contentType":"text/plain"}}'; ${DONE}`,
    ),
    outcome: {
      kind: 'succeeded',
      artifacts: [artifact('made.txt', 'text/plain', 4, 'id'), artifact('page-1.png', 'image/png', 3, 'id')],
    },
  },
  'cannot have a file outside its folder kept': {
    model: shell(`ln -s /etc/passwd "$SLIPWAY_ARTIFACTS/passwd"; ${DONE}`),
    outcome: failed('output_invalid', "Artifact passwd: the file is not inside the job's folder."),
  },
  'cannot have a file of any name kept': {
    model: shell(`echo x > "$SLIPWAY_ARTIFACTS/.hidden"; ${DONE}`),
    outcome: failed('output_invalid', /Artifact \.hidden: name: letters/),
  },
  'cannot have a file kept that is too large': {
    model: shell(`echo 12345 > "$SLIPWAY_ARTIFACTS/a.txt"; ${DONE}`, { limits: { maxArtifactBytes: 5 } }),
    outcome: failed('output_invalid', /Artifact a\.txt: it has 6 bytes; the model's bound is 5/),
  },
  'gets a data: input as a file': {
    model: shell(
      `path=$(sed 's/.*"deck":"\\([^"]*\\)".*/\\1/' "$SLIPWAY_INPUT"); printf '{"text":"%s"}' "$(cat "$path")" > "$SLIPWAY_OUTPUT"`,
      {
        input: { properties: { deck: { contentMediaType: 'text/plain' } } },
      },
    ),
    input: { deck: 'data:text/plain;base64,aGVsbG8=' },
    outcome: { kind: 'succeeded', output: { text: 'hello' } },
  },
  'whose input names a path of this machine is not started': {
    model: shell(`touch ran; ${DONE}`, { input: { properties: { deck: { contentMediaType: 'text/plain' } } } }),
    input: { deck: '/etc/passwd' },
    outcome: failed('invalid_input', /input\/deck/),
  },
  'sees a clean environment': {
    model: shell(
      `node -e '${'require("fs").writeFileSync(process.env.SLIPWAY_OUTPUT, JSON.stringify({ cwd: process.cwd(), env: process.env }))'}'`,
    ),
    outcome: { kind: 'succeeded' },
  },
};

describe('a program', () => {
  const door = new ScriptedDoor();
  let code: number;
  beforeAll(async () => {
    await door.start();
    const names = Object.keys(CASES);
    const models = Object.fromEntries(names.map((name, index) => [`m${index}`, CASES[name]?.model as ModelFiles]));
    door.push(
      ...names.map((name, index) =>
        job(name.includes('uploaded') ? 'id' : name, `m${index}`, CASES[name]?.input ?? {}),
      ),
    );
    process.env['CUDA_VISIBLE_DEVICES'] = '0';
    process.env['MY_SECRET'] = 'hunter2';
    try {
      code = await startWorker(door, catalogueOf(models)).code;
    } finally {
      delete process.env['CUDA_VISIBLE_DEVICES'];
      delete process.env['MY_SECRET'];
    }
  });
  afterAll(() => door.stop());
  const outcomeOf = (name: string): Promise<Outcome> => door.outcomeOf(name.includes('uploaded') ? 'id' : name);

  test.each(Object.entries(CASES))('%s', async (name, { outcome }) => {
    expect(await outcomeOf(name)).toMatchObject(outcome);
  });

  test('that fails leaves its worker at work', () => expect(code).toBe(0));

  test('has its folder removed, and nothing of the door or of the worker in its environment', async () => {
    const outcome = await outcomeOf('sees a clean environment');
    const { cwd, env } = (outcome as { output: { cwd: string; env: Record<string, string> } }).output;
    expect(existsSync(cwd)).toBe(false);
    expect(env).toMatchObject({ HOME: cwd, TMPDIR: cwd, PATH: process.env['PATH'], CUDA_VISIBLE_DEVICES: '0' });
    const own = ['PATH', 'LANG', 'TZ', 'HOME', 'TMPDIR', 'CUDA_VISIBLE_DEVICES', 'PWD', 'OLDPWD', 'SHLVL', '_'];
    const rest = Object.keys(env).filter((name) => !own.includes(name) && !/^(LC_|NVIDIA_|LD_LIBRARY_PATH)/.test(name));
    expect(rest.sort()).toEqual(['SLIPWAY_ARTIFACTS', 'SLIPWAY_INPUT', 'SLIPWAY_OUTPUT']);
    expect(JSON.stringify(env)).not.toMatch(/ticket-1|door-token|hunter2/);
  });

  test('has its uploads sent as they were signed', () => {
    const upload = door.uploads.get('/blobs/id/page-1.png');
    expect(upload?.bytes.toString()).toBe('png');
    expect(upload?.headers).toMatchObject({ 'content-type': 'image/png', 'content-length': '3', 'x-signed': 'yes' });
  });
});

describe('a run', () => {
  let door: ScriptedDoor;
  beforeEach(async () => {
    door = await new ScriptedDoor().start();
  });
  afterEach(() => door.stop());

  /** Two generations that ignore SIGTERM; the younger one's pid goes to `file`. */
  const stubborn = (file: string): ModelFiles =>
    shell(`trap "" TERM; sh -c 'trap "" TERM; echo $$ > ${file}; echo started; sleep 60 & wait; wait' & wait; wait`);
  /** A program that ends on SIGTERM and leaves a grandchild that does not. */
  const deserting = (file: string): ModelFiles =>
    shell(
      `sh -c 'trap "" TERM; echo $$ > ${file}; echo started; while :; do sleep 1; done' & trap "exit 0" TERM; wait`,
    );
  const hasStarted = (body: Record<string, unknown>): boolean => JSON.stringify(body['logs']).includes('started');

  test.each<[string, (file: string) => ModelFiles]>([
    ['ignores SIGTERM', stubborn],
    ['leaves a child behind', deserting],
  ])('that is canceled by a report and %s is killed with its whole group', async (_, model) => {
    const file = join(tempFolder(), 'pid');
    door.script = ({ name, body }) => (name === 'report' && hasStarted(body) ? ok({ cancel: true }) : undefined);
    door.push(job('a', 'm'));
    const worker = startWorker(door, catalogueOf({ m: model(file) }), { killAfterMs: 200 });
    expect(await door.outcomeOf('a')).toEqual({ kind: 'canceled' });
    await ended(Number(readFileSync(file, 'utf8')));
    expect(await worker.code).toBe(0);
  });

  test('that is canceled by a renewal ends', async () => {
    door.script = ({ name }) =>
      name === 'renew' && door.named('report').some(({ body }) => hasStarted(body))
        ? ok({ cancel: ['a'], drain: false })
        : undefined;
    door.push(job('a', 'm'));
    const worker = startWorker(door, catalogueOf({ m: shell('echo started; sleep 60') }));
    expect(await door.outcomeOf('a')).toEqual({ kind: 'canceled' });
    expect(await worker.code).toBe(0);
  });

  test('that takes longer than its run timeout is killed and fails', async () => {
    const file = join(tempFolder(), 'pid');
    door.push(job('a', 'm', {}, { runTimeoutMs: 300 }));
    const worker = startWorker(door, catalogueOf({ m: stubborn(file) }), { killAfterMs: 100 });
    expect(await door.outcomeOf('a')).toMatchObject(failed('timeout', /after 0.3 s/));
    await ended(Number(readFileSync(file, 'utf8')));
    expect(await worker.code).toBe(0);
  });

  test('of a job that is no longer held here is stopped and not finished', async () => {
    door.script = ({ name, body }) =>
      name === 'report' && hasStarted(body)
        ? { status: 404, body: { code: 'not_found', detail: 'not yours' } }
        : undefined;
    door.push(job('a', 'm'), job('b', 'n'));
    const models = catalogueOf({ m: shell('echo started; sleep 60'), n: shell(DONE) });
    expect(await startWorker(door, models).code).toBe(0);
    expect(door.named('finish').map(({ body }) => body['job'])).toEqual(['b']);
  });

  test('is reported while it runs: bars of both streams, messages, lines', async () => {
    door.push(job('a', 'm'));
    const script = `printf 'plain\\n'; echo '{"log":"said"}'; echo '{"progress":{"fraction":0.1,"message":"first"}}'; sleep 0.2
      printf '\\r 50%%|##   | 5/10 [00:01<00:01]\\r 60%%|###  | 6/10 [00:01<00:01]' >&2; echo oops >&2; sleep 0.2; ${DONE}`;
    await startWorker(door, catalogueOf({ m: shell(script) })).code;
    expect(door.logOf('a').slice(0, 2)).toEqual(['plain', 'said']);
    const shown = door.named('report').flatMap(({ body }) => (body['progress'] === null ? [] : [body['progress']]));
    expect(shown[0]).toEqual({ fraction: 0.1, message: 'first' });
    expect(shown.at(-1)).toEqual({ fraction: 0.6, message: '6/10' });
  });

  test('whose upload fails is tried again with a new signature, then lost', async () => {
    const model = shell(`echo x > "$SLIPWAY_ARTIFACTS/a.txt"; ${DONE}`);
    door.push(job('a', 'm'));
    door.uploadStatuses = [503];
    await startWorker(door, catalogueOf({ m: model })).code;
    expect(await door.outcomeOf('a')).toMatchObject({ kind: 'succeeded' });
    expect(door.named('artifact')).toHaveLength(2);
    door.push(job('b', 'm'));
    door.uploadStatuses = [403];
    await startWorker(door, catalogueOf({ m: model }), { uploadTries: 1 }).code;
    expect(await door.outcomeOf('b')).toMatchObject(
      failed('worker_lost', /a\.txt could not be uploaded: the storage answered 403/),
    );
  });
});
