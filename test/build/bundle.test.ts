import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sourcePositions } from '../../host/source-positions.ts';
import { bundleEntries, ROOT } from '../../scripts/build/bundle.ts';
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
  for (const name of ['api', 'intake', 'dispatch', 'worker', 'on-job-event', 'sweep']) {
    const more = name === 'api' ? ['openapi.json'] : [];
    expect(beside(`functions/${name}`)).toEqual(['catalogue.json', ...ALWAYS, ...more].sort());
  }
  expect(beside('worker')).toEqual([...ALWAYS, 'models.json'].sort());
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const head = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
  const manifest = JSON.parse(readFileSync(join(dist.folder, 'functions/api/package.json'), 'utf8')) as object;
  expect(manifest).toMatchObject({
    type: 'module',
    version: own.version,
    ...(head.status === 0 ? { commit: expect.stringMatching(`^${head.stdout.trim()}(-dirty)?$`) } : {}),
    engines: { node: expect.stringMatching(/^24\.\d+\.\d+$/) },
    scripts: { start: 'node main.mjs' },
  });
  expect(Object.keys(manifest)).not.toContain('dependencies');
  // Nobody asks the others, and their images are told apart by what is in them.
  for (const folder of ['functions/worker', 'worker']) {
    expect(readFileSync(join(dist.folder, folder, 'package.json'), 'utf8')).not.toContain('commit');
  }
});

test('the table of sizes has a line for each, at most 80 columns wide', () => {
  const lines = tableOf(dist.sizes).split('\n');
  expect(lines).toHaveLength(1 + dist.sizes.length);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test('Node’s own modules are looked up, in as many characters as they were imported', () => {
  const imports = [
    'import{createServer,request as r2}from"node:http";',
    'import*as fs from"fs";',
    'import path from"node:path";',
  ];
  const looked = imports.map(lookUpBuiltins);
  expect(looked.map((text) => text.trimEnd())).toEqual([
    'const{createServer,request:r2}=$N("node:http");',
    'const fs=$N("fs");',
    'const path=$N("node:path");',
  ]);
  expect(looked.map(({ length }) => length)).toEqual(imports.map(({ length }) => length));
  // What would be longer is left as it is.
  const longer = 'import x,{y as z}from"node:os";';
  expect(lookUpBuiltins(longer)).toBe(longer);
  expect(lookUpBuiltins('import{a}from"./chunks/b.mjs";')).toBe('import{a}from"./chunks/b.mjs";');
});

test('what sends to users sends, is answered and refuses, as built', async () => {
  const { files } = await bundleEntries({ sends: join(import.meta.dirname, 'sends.ts') }, 'test', { models: [] });
  const folder = tempFolder();
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const heard: string[] = [];
  const receiver = createServer((request, response) => {
    request.on('data', (bytes: Buffer) => heard.push(bytes.toString()));
    request.on('end', () => response.writeHead(202).end('taken'));
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const program = `
    const { createHttp } = await import(${JSON.stringify(join(folder, 'sends.mjs'))});
    const request = { url: '${url}', method: 'POST', headers: {}, body: 'said', timeoutMs: 20000, maxResponseBytes: 99 };
    const { status, body } = await createHttp({ allowLoopback: true }).send(request);
    const refused = await createHttp({ allowLoopback: false }).send(request).catch(({ name }) => name);
    console.log(JSON.stringify([status, Buffer.from(body).toString(), refused]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  receiver.close();
  expect(JSON.parse(stdout)).toEqual([202, 'taken', 'AddressRefusedError']);
  expect(heard).toEqual(['said']);
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
