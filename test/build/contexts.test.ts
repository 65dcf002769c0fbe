import { describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildAll } from '../../scripts/build/build.ts';
import { ROOT } from '../../scripts/build/bundle.ts';
import { WORKER } from '../../scripts/build/deployables.ts';
import { contextsOf, type Context } from '../../scripts/build/images.ts';
import { buildModels } from '../../scripts/build/model-files.ts';
import { buildReceiver } from '../../scripts/build/receiver.ts';
import { tempFolder } from '../worker/harness.ts';
import { instructionsOf } from './make-image.ts';

const yaml = (name: string, program = 'node'): string =>
  `name: ${name}\ntitle: T\ndescription: D\npool: p\nrunner: { kind: server, program: ${program}, args: [s.ts] }\ninput: {}\noutput: {}\n`;

function written(files: Readonly<Record<string, string>>): string {
  const root = tempFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** The context of the pool `p`, and the faults, without the folder that differs each time. */
async function made(...folders: string[]): Promise<{ context: Context; faults: string[] }> {
  const { contexts, faults } = await contextsOf(await buildModels(folders));
  const plain = (text: string): string => folders.reduce((now, folder, i) => now.replaceAll(folder, `<${i}>`), text);
  return { context: contexts.get('p') ?? new Map(), faults: faults.map(plain) };
}

const textOf = (context: Context, path: string): string => {
  const file = context.get(path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return 'text' in file ? file.text : readFileSync(file.copyOf, 'utf8');
};
const packagesIn = (context: Context): string[] =>
  Object.keys((JSON.parse(textOf(context, 'package.json')) as { dependencies: object }).dependencies);

test('a context has the model’s folder, what it imports from beside it, and the row of its pool, but nothing hidden or installed', async () => {
  const root = written({
    'a/model.yaml': yaml('a'),
    'a/s.ts': "import '../shared.ts';\nimport type { X } from '../types.ts';\nawait import('./part/b.mjs');\n",
    'a/part/b.mjs': "import 'node:fs';\n",
    'a/weights/note.txt': 'w',
    'a/.env': 'SECRET=1',
    'a/.cache/x': 'x',
    'a/node_modules/x/index.js': '',
    'a/__pycache__/x.pyc': '',
    'shared.ts': "import { z } from 'zod';\nexport const s = z;\n",
    'types.ts': 'export type X = string;\n',
    'beside.ts': '',
    'other/model.yaml': yaml('other').replace('pool: p', 'pool: q'),
    'pools.yaml': '- { name: p, max: 2 }\n',
  });
  const { context, faults } = await made(root);
  expect(faults).toEqual([]);
  expect([...context.keys()].sort()).toEqual([
    'Dockerfile',
    'gpu-job/models/a/model.yaml',
    'gpu-job/models/a/part/b.mjs',
    'gpu-job/models/a/s.ts',
    'gpu-job/models/a/weights/note.txt',
    'gpu-job/models/pools.yaml',
    'gpu-job/models/shared.ts',
    'package-lock.json',
    'package.json',
  ]);
  expect(packagesIn(context)).toEqual(['zod']);
  expect(textOf(context, 'Dockerfile')).toBe(readFileSync(join(ROOT, 'gpu-job/Dockerfile'), 'utf8'));
});

test('the lock of a context has what its packages need, by the digests of this repository’s, and nothing else', async () => {
  const root = written({ 'a/model.yaml': yaml('a'), 'a/s.ts': "const at = resolve('@energetic-ai/embeddings/x');\n" });
  const { packages } = JSON.parse(textOf((await made(root)).context, 'package-lock.json')) as {
    packages: Record<string, { integrity?: string }>;
  };
  const ours = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: typeof packages };
  const names = Object.keys(packages).map((folder) => folder.replace('node_modules/', ''));
  // The peer of the one that is named, and what that needs.
  expect(names).toEqual(expect.arrayContaining(['', '@energetic-ai/embeddings', '@energetic-ai/core', 'node-fetch']));
  expect(names.filter((name) => /google|jest|^zod$/.test(name))).toEqual([]);
  for (const [folder, locked] of Object.entries(packages)) {
    if (folder !== '') expect(locked).toEqual(ours.packages[folder]);
  }
});

test('a model that Node does not run brings its folder, and no package', async () => {
  const root = written({
    'a/model.yaml': yaml('a', 'python3'),
    'a/serve.py': '',
    'a/page.js': "import 'nowhere';",
    'pools.yaml': '[{ name: p, dockerfile: Own }]',
    Own: 'FROM scratch',
  });
  const { context, faults } = await made(root);
  expect([faults, packagesIn(context)]).toEqual([[], []]);
  expect([...context.keys()]).toEqual(
    expect.arrayContaining(['gpu-job/models/a/serve.py', 'gpu-job/models/a/page.js']),
  );
});

test('a pool has the Dockerfile that its row names, from where the row stands', async () => {
  const root = written({
    'm/a/model.yaml': yaml('a'),
    'm/a/s.ts': "import 'not-ours';",
    'm/pools.yaml': '[{ name: p, dockerfile: ../images/Own }]',
    'images/Own': 'FROM scratch\n',
  });
  const { context, faults } = await made(join(root, 'm'));
  expect([faults, textOf(context, 'Dockerfile')]).toEqual([[], 'FROM scratch\n']);
});

test('a link into another folder is followed', async () => {
  const [root, other] = [
    written({ 'a/model.yaml': yaml('a'), 'a/s.ts': '' }),
    written({ weights: 'w', 'more/x': 'x' }),
  ];
  symlinkSync(other, join(root, 'a/linked'));
  const { context, faults } = await made(root);
  expect([faults, textOf(context, 'gpu-job/models/a/linked/more/x')]).toEqual([[], 'x']);
});

test('what is built can be read by whoever an image runs as, and run where it could be, under any umask', async () => {
  const root = written({ 'a/model.yaml': yaml('a'), 'a/s.ts': '', 'a/run.sh': '' });
  chmodSync(join(root, 'a/run.sh'), 0o700);
  chmodSync(join(root, 'a/s.ts'), 0o600);
  const out = tempFolder();
  const mask = process.umask(0o077);
  try {
    await buildAll({ out, modelFolders: [root], deployables: [WORKER] });
    await buildReceiver(out);
  } finally {
    process.umask(mask);
  }
  for (const folder of ['images/p', 'worker', 'receiver']) {
    const found = readdirSync(join(out, folder), { recursive: true, encoding: 'utf8' });
    for (const path of found) {
      const stats = statSync(join(out, folder, path));
      const isRun = stats.isDirectory() || path.endsWith('run.sh');
      expect([path, (stats.mode & 0o777).toString(8)]).toEqual([path, isRun ? '755' : '644']);
    }
    expect(found.length).toBeGreaterThan(1);
  }
}, 30_000);

test('for an image that is built elsewhere there is no context', async () => {
  const image = `gcr.io/p/x@sha256:${'a'.repeat(64)}`;
  const root = written({ 'a/model.yaml': yaml('a'), 'pools.yaml': `[{ name: p, image: "${image}" }]` });
  expect((await contextsOf(await buildModels([root]))).contexts).toEqual(new Map());
});

describe('a build fails, and writes nothing, where an image would lack something:', () => {
  test.each<[what: string, files: Record<string, string>, fault: string]>([
    [
      'a Dockerfile that is not there',
      { 'a/s.ts': '', 'pools.yaml': '[{ name: p, dockerfile: Own }]' },
      'there is no <0>/Own, which <0>/pools.yaml names',
    ],
    [
      'a file from outside the folder of models',
      { 'a/s.ts': `import '${join(ROOT, 'domain/time.ts')}';` },
      `<0>/a/s.ts imports ${join(ROOT, 'domain/time.ts')}, which would not lie there in the image; bring it into its folder of models`,
    ],
    [
      'a package that is not in package.json',
      { 'a/s.ts': "import '@who/knows/it';" },
      '<0>/a/s.ts imports @who/knows, which is not in package.json: give the pool a "dockerfile" that installs it',
    ],
  ])(
    '%s',
    async (_, files, fault) => {
      const root = written({ 'a/model.yaml': yaml('a'), ...files });
      const faults = [`the image of the pool p: ${fault}`];
      expect((await made(root)).faults).toEqual(faults);
      const out = join(tempFolder(), 'dist');
      const building = buildAll({ out, modelFolders: [root], deployables: [WORKER] });
      await expect(building).rejects.toThrow(faults[0]?.replaceAll('<0>', root));
      expect(() => readFileSync(out)).toThrow(/ENOENT/);
    },
    30_000,
  );

  test.each<[string, string, string]>([
    ['a program', yaml('a', 'python3'), 'python3'],
    [
      'a program that is required',
      `${yaml('a')}requires: [{ program: ffmpeg, install: apt-get install ffmpeg }]\n`,
      'ffmpeg',
    ],
  ])('%s that the common Dockerfile does not install', async (_, model, program) => {
    const root = written({ 'a/model.yaml': model, 'a/s.ts': '' });
    expect((await made(root)).faults).toEqual([
      `the image of the pool p: <0>/a/model.yaml names ${program}, which gpu-job/Dockerfile does not install: ` +
        'give the pool a "dockerfile" that does, or name a path in the folder',
    ]);
  });

  test.each(['sh', './run'])('but not for %s', async (program) => {
    expect((await made(written({ 'a/model.yaml': yaml('a', program), 'a/run': '' }))).faults).toEqual([]);
  });

  test('links that lead nowhere, to themselves, or to the folder that they lie in', async () => {
    const root = written({ 'a/model.yaml': yaml('a'), 'a/s.ts': '', 'a/part/x': '' });
    symlinkSync('/nowhere/at/all', join(root, 'a/gone'));
    symlinkSync('self', join(root, 'a/self'));
    symlinkSync('..', join(root, 'a/part/up'));
    expect((await made(root)).faults).toEqual([
      'the image of the pool p: <0>/a/gone cannot be read, or is a link that leads nowhere (ENOENT); mend it or take it out',
      'the image of the pool p: <0>/a/part/up is a link to a folder that it lies in; take it out',
      'the image of the pool p: <0>/a/self cannot be read, or is a link that leads nowhere (ELOOP); mend it or take it out',
    ]);
    const out = written({ 'images/p/Dockerfile': 'what was there' });
    const building = buildAll({ out, modelFolders: [root], deployables: [WORKER] });
    await expect(building).rejects.toThrow(/a\/gone cannot be read/);
    expect(readFileSync(join(out, 'images/p/Dockerfile'), 'utf8')).toBe('what was there');
  }, 30_000);

  test('two files that would be one', async () => {
    const one = written({ 'a/model.yaml': yaml('a'), 'a/s.ts': "import '../x.ts';", 'x.ts': '' });
    const two = written({ 'b/model.yaml': yaml('b'), 'b/s.ts': "import '../x.ts';", 'x.ts': '' });
    expect((await made(one, two)).faults).toEqual([
      'the image of the pool p: <1>/x.ts and another file would both be gpu-job/models/x.ts; name one of them otherwise',
    ]);
  });
});

test('the Dockerfile that the docs show for a model of another language does what ours does', () => {
  const text = readFileSync(join(ROOT, 'docs/examples/cuda.Dockerfile'), 'utf8');
  expect(readFileSync(join(ROOT, 'docs/08-add-a-model.md'), 'utf8')).toContain(`\`\`\`dockerfile\n${text}\`\`\``);
  const shown = instructionsOf(text);
  const ours = instructionsOf(readFileSync(join(ROOT, 'gpu-job/Dockerfile'), 'utf8'));
  const of = (steps: [string, string][], name: string): string[] =>
    steps.flatMap(([one, rest]) => (one === name ? [rest] : []));
  expect(of(shown, 'FROM')[0]).toBe(`${of(ours, 'FROM')[0]} AS node`);
  expect(of(shown, 'WORKDIR')).toEqual(of(ours, 'WORKDIR'));
  expect(of(shown, 'ENTRYPOINT')).toEqual(of(ours, 'ENTRYPOINT'));
  const steps = shown.map((one) => one.join(' '));
  for (const one of [shown, ours]) expect(of(one, 'RUN').join('\n')).toMatch(/apt-get install .*\btini\b/);
  expect(steps.indexOf('RUN node gpu-job/warm.mjs')).toBeGreaterThan(
    steps.findIndex((step) => step.startsWith('USER ')),
  );
  expect(steps).toContainEqual(expect.stringMatching(/^COPY --from=node \/usr\/local\/bin\/node /));
});
