import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourcePositions } from '../../host/source-positions.ts';
import { bundleEntries } from '../../scripts/build/bundle.ts';
import { lookUpBuiltins } from '../../scripts/build/builtins.ts';
import { tableOf } from '../../scripts/build/sizes.ts';
import { unmetReplacements } from '../../scripts/build/slim.ts';
import { tempFolder } from '../worker/harness.ts';
import { built, type Built } from './built.ts';

let dist: Built;
beforeAll(async () => {
  dist = await built();
}, 120_000);
afterAll(() => dist.remove());

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const digestsOf = (folder: string): [string, string][] =>
  filesIn(folder).map((file) => [
    file,
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex'),
  ]);

test('the same input gives the same bytes', async () => {
  const again = await built();
  expect(digestsOf(again.folder)).toEqual(digestsOf(dist.folder));
  again.remove();
}, 120_000);

test('each folder has its program, how it is started, and the models where it needs them', () => {
  const beside = (folder: string): string[] =>
    filesIn(join(dist.folder, folder)).filter((file) => !file.startsWith('chunks/') && !file.endsWith('.map'));
  const ALWAYS = ['main.mjs', 'package.json', 'program.mjs', 'warm.mjs'];
  expect(beside('functions/deliver-webhook')).toEqual(ALWAYS);
  for (const name of ['api', 'dispatch', 'worker', 'on-job-event', 'sweep']) {
    expect(beside(`functions/${name}`)).toEqual(['catalogue.json', ...ALWAYS].sort());
  }
  expect(beside('worker')).toEqual([...ALWAYS, 'models.json'].sort());
  const manifest = JSON.parse(readFileSync(join(dist.folder, 'functions/api/package.json'), 'utf8')) as object;
  expect(manifest).toMatchObject({
    type: 'module',
    engines: { node: expect.stringMatching(/^24\.\d+\.\d+$/) },
    scripts: { start: 'node main.mjs' },
  });
  expect(Object.keys(manifest)).not.toContain('dependencies');
});

test('the table of sizes has a line for each, at most 80 columns wide', () => {
  const lines = tableOf(dist.sizes).split('\n');
  expect(lines).toHaveLength(1 + dist.sizes.length);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  for (const { start, all } of dist.sizes) expect(start).toBeLessThan(all / 4);
});

describe('a client is loaded when it is first needed:', () => {
  test.each(['functions/api', 'functions/dispatch', 'functions/sweep'])('what %s starts with has none', (name) => {
    const program = readFileSync(join(dist.folder, name, 'program.mjs'), 'utf8');
    expect(program).not.toMatch(/node_modules\/(@google-cloud|google-gax|@grpc|express|undici)\//);
    expect(program).toMatch(/import\("\.\/chunks\//);
  });

  test('what the worker starts with has neither zod nor ajv nor undici nor YAML', () => {
    const folder = join(dist.folder, 'worker');
    const loaded = new Set(['program.mjs']);
    for (const file of loaded) {
      const text = readFileSync(join(folder, file), 'utf8');
      for (const [, next = ''] of text.matchAll(/\bfrom"\.\/(?:chunks\/)?([^"]+)"/g)) loaded.add(`chunks/${next}`);
      expect(text).not.toMatch(/node_modules\/|ZodType|\$ZodCheck/);
    }
    expect(loaded.size).toBeGreaterThan(3);
  });
});

test('Node’s own modules are looked up, in as many characters as they were imported', () => {
  const imports = [
    'import{createServer,request as r2}from"node:http";',
    'import*as fs from"fs";',
    'import path from"node:path";',
    'import x,{y as z}from"node:os";',
  ];
  const looked = imports.map(lookUpBuiltins);
  expect(looked.map((text) => text.trimEnd())).toEqual([
    'const{createServer,request:r2}=$N("node:http");',
    'const fs=$N("fs");',
    'const path=$N("node:path");',
    'const x=$N("node:os"),{y:z}=$N("node:os");',
  ]);
  expect(lookUpBuiltins('import{a}from"./chunks/b.mjs";')).toBe('import{a}from"./chunks/b.mjs";');
  expect(looked.slice(0, 3).map(({ length }) => length)).toEqual(imports.slice(0, 3).map(({ length }) => length));
});

test('a stack trace of built code leads to the source', async () => {
  const { files } = await bundleEntries({ program: join(import.meta.dirname, 'throws.ts') }, 'test', { models: [] });
  const folder = tempFolder();
  for (const [path, text] of files) writeFileSync(join(folder, path), text);
  // In a process of its own, since jest maps stack traces itself.
  const { stderr: stack } = spawnSync(process.execPath, [join(folder, 'program.mjs')], { encoding: 'utf8' });
  expect(stack).toContain('program.mjs');
  expect(sourcePositions(stack)).toMatch(/at throwHere \(test\/build\/throws\.ts:7:9\)/);
});

test('a replacement that meets no file fails the build: its package has changed', () => {
  expect(unmetReplacements(['node_modules/mime-db/db.json'])).toEqual(
    expect.arrayContaining([expect.stringMatching(/proto-loader/), expect.stringMatching(/protos/)]),
  );
});
