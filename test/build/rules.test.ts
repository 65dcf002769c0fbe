import { describe, expect, test } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM, ROOT } from '../../scripts/build/bundle.ts';
import { DEPLOYABLES, WORKER, type Deployable } from '../../scripts/build/deployables.ts';
import { BuildError, buildAll } from '../../scripts/build/build.ts';
import { breachesOf } from '../../scripts/build/rules.ts';
import { tempFolder } from '../worker/harness.ts';
import { MODELS } from './built.ts';

/** What a bundle consists of whose start file has this line beside its own. */
async function metafileWith(entry: string, line: string): Promise<Metafile> {
  const path = join(ROOT, entry);
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { [PROGRAM.replace('.mjs', '')]: path },
    outdir: join(ROOT, 'dist/test'),
    outExtension: { '.js': '.mjs' },
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    plugins: [
      {
        name: 'one line',
        setup: (own) =>
          own.onLoad({ filter: /\.ts$/ }, (file) => (file.path === path ? { contents: line, loader: 'ts' } : null)),
      },
    ],
  });
  return metafile;
}

const named = (name: string): Deployable => {
  const found = DEPLOYABLES.find(({ folder }) => folder === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

/** Uses what it imports, so that it is not shaken off. */
const uses = (path: string): string => `import * as all from '${path}';\nconsole.log(all);\n`;
const fromStart = (path: string): string => uses(`../../${path}`);

describe('the rules are broken where', () => {
  test.each<[string, string, string, string, RegExp]>([
    ['a function has the embedded engine', 'functions/api', fromStart('local/sqlite.ts'), 'local/', /one machine/],
    ['a function has a test server', 'functions/api', fromStart('emulators/relay.ts'), 'emulators/', /one machine/],
    ['a function has a test', 'functions/api', fromStart('test/local/folder.ts'), 'test/', /for developing/],
    ['a function has a bench', 'functions/api', fromStart('bench/measure.ts'), 'bench/', /for developing/],
    ['a function has the worker', 'functions/api', fromStart('gpu-job/wait.ts'), 'gpu-job/', /runs on a GPU/],
    ['a function has SQLite', 'functions/api', uses('node:sqlite'), 'node:sqlite', /embedded engine/],
    [
      'a function has a package of developers',
      'functions/api',
      uses('yaml/x').replace('yaml/x', 'standardwebhooks'),
      'node_modules/',
      /package is only for developing/,
    ],
    [
      'a function has what it may not launch with',
      'functions/api',
      uses('@google-cloud/run'),
      'node_modules/@google-cloud/run',
      /grants/,
    ],
    [
      'dispatch has what reads secrets',
      'functions/dispatch',
      uses('@google-cloud/secret-manager'),
      'node_modules/@google-cloud/secret-manager',
      /grants/,
    ],
    [
      'dispatch has what signs URLs',
      'functions/dispatch',
      uses('@google-cloud/storage'),
      'node_modules/@google-cloud/storage',
      /grants/,
    ],
    [
      'dispatch has what writes gauges',
      'functions/dispatch',
      uses('@google-cloud/monitoring'),
      'node_modules/@google-cloud/monitoring',
      /grants/,
    ],
    [
      'deliver-webhook has what publishes',
      'functions/deliver-webhook',
      uses('@google-cloud/pubsub'),
      'node_modules/@google-cloud/pubsub',
      /grants/,
    ],
    [
      'sweep has what publishes',
      'functions/sweep',
      uses('@google-cloud/pubsub-api'),
      'node_modules/@google-cloud/pubsub-api',
      /grants/,
    ],
    ['api has what sends to users', 'functions/api', fromStart('host/http.ts'), 'host/http.ts', /sends to addresses/],
    [
      'the worker has a function',
      'worker',
      uses('../functions/deps.ts').replace('deps', 'steps/each'),
      'functions/',
      /knows its door/,
    ],
    ['the worker has an adapter', 'worker', uses('../cloud/lazy.ts'), 'cloud/', /knows its door/],
    [
      'the worker has a client of Google’s',
      'worker',
      uses('@google-cloud/storage'),
      'node_modules/',
      /no rights at Google/,
    ],
    ['the worker has Google’s sign-in', 'worker', uses('google-auth-library'), 'node_modules/', /no rights at Google/],
    [
      'a function starts with a client that it may have',
      'functions/dispatch',
      uses('@google-cloud/run'),
      'node_modules/',
      /first needed/,
    ],
    ['a function starts with the framework', 'functions/sweep', uses('express'), 'node_modules/', /first needed/],
    ['the worker starts with a package', 'worker', uses('zod'), 'node_modules/zod', /first needed/],
    ['the worker has SQLite', 'worker', uses('node:sqlite'), 'node:sqlite', /embedded engine/],
    ['the worker has the embedded engine', 'worker', uses('../local/calls.ts'), 'local/', /one machine/],
  ])('%s', async (_, name, line, what, because) => {
    const deployable = named(name);
    const breaches = breachesOf(deployable, await metafileWith(deployable.entry, line));
    const breach = breaches.find((one) => because.test(one.because));
    expect(breach?.what.startsWith(what)).toBe(true);
    expect(breach?.chain[0]).toBe(deployable.entry);
    expect(breach?.chain.at(-1)).toBe(breach?.what);
  });

  test('something is imported that is not in the folder', async () => {
    const metafile = await metafileWith(WORKER.entry, uses('node:fs'));
    expect(breachesOf(WORKER, metafile)).toEqual([]);
    for (const output of Object.values(metafile.outputs)) {
      output.imports.push({ path: 'left-pad', kind: 'import-statement', external: true });
    }
    expect(breachesOf(WORKER, metafile).map(({ what }) => what)).toEqual(['left-pad']);
  });

  test('a package of Google’s comes in that no rule knows', async () => {
    const metafile = await metafileWith(named('functions/api').entry, 'console.log(1);');
    const [output] = Object.values(metafile.outputs);
    Object.assign(output?.inputs ?? {}, { 'node_modules/@google-cloud/tasks/build/index.js': { bytesInOutput: 1 } });
    expect(breachesOf(named('functions/api'), metafile).map(({ because }) => because)).toContainEqual(
      expect.stringMatching(/does not say which right/),
    );
  });
});

test('the build of what breaks a rule fails, says by which way it came in, and writes nothing', async () => {
  const out = tempFolder();
  const deployable = { ...named('functions/sweep'), entry: 'test/build/with-sqlite.ts' };
  const building = buildAll({ out, modelFolders: [MODELS], deployables: [deployable] });
  await expect(building).rejects.toBeInstanceOf(BuildError);
  const way =
    / must not contain local\/[a-z-]+\.ts: it is only for one machine\. It comes in by\n\s+test\/build\/with-sqlite\.ts\n\s+local\/sqlite\.ts\n/;
  await expect(building).rejects.toThrow(way);
  expect(readdirSync(out)).toEqual([]);
});

test('types and what is shaken off are in no bundle', async () => {
  const line = `import type { PubSub } from '@google-cloud/pubsub';\nimport { retryWhile } from '../../gpu-job/wait.ts';\nexport const a: PubSub | null = null;\n`;
  const deployable = named('functions/sweep');
  expect(breachesOf(deployable, await metafileWith(deployable.entry, line))).toEqual([]);
});
