import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Each rule that holds the structure is broken once, in a copy of the tree: a lint that nothing can break is none. */
const ROOT = join(import.meta.dirname, '..');
const BREACHES: readonly (readonly [what: string, file: string, source: string, rule: string])[] = [
  ['domain reads the clock', 'domain/x1.ts', 'export const a = Date.now();', 'no-restricted-properties'],
  ['domain makes a date of now', 'domain/x2.ts', 'export const a = new Date();', 'no-restricted-syntax'],
  ['domain rolls dice', 'domain/x3.ts', 'export const a = Math.random();', 'no-restricted-properties'],
  ['domain reads the environment', 'domain/x4.ts', "export const a = process.env['A'];", 'no-restricted-globals'],
  ['domain does I/O', 'domain/x5.ts', "import fs from 'node:fs';\nexport const a = fs;", 'no-restricted-imports'],
  ['domain looks at functions', 'domain/x6.ts', "import '../functions/deps.ts';", 'no-restricted-imports'],
  ['functions look at local', 'functions/x7.ts', "import '../local/sqlite.ts';", 'no-restricted-imports'],
  ['the worker looks at functions', 'gpu-job/x8.ts', "import '../functions/deps.ts';", 'no-restricted-imports'],
  ['the worker knows Google', 'gpu-job/x9.ts', "import '@google-cloud/storage';", 'no-restricted-imports'],
  ['local looks at functions', 'local/y1.ts', "import '../functions/deps.ts';", 'no-restricted-imports'],
  ['the client looks at functions', 'client/z1.ts', "import '../functions/deps.ts';", 'no-restricted-imports'],
  ['the client looks at the rules', 'client/z2.ts', "import '../domain/state.ts';", 'no-restricted-imports'],
  ['two files import each other', 'domain/y2.ts', "import './y3.ts';\nexport const a = 1;", 'import-x/no-cycle'],
  ['and the other one', 'domain/y3.ts', "import './y2.ts';\nexport const b = 1;", 'import-x/no-cycle'],
  ['a promise is left floating', 'host/y4.ts', 'Promise.resolve(1);', '@typescript-eslint/no-floating-promises'],
  ['a file has no end', 'host/y5.ts', `export const a = [\n${'  1,\n'.repeat(310)}];`, 'max-lines'],
];

let copy: string;
let reported: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'slipway-lint-'));
  for (const file of ['eslint.config.js', 'tsconfig.json', 'package.json'])
    await cp(join(ROOT, file), join(copy, file));
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const [, file, source] of BREACHES) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, file), `${source}\n`);
  }
  const json = await new Promise<string>((resolve) => {
    const eslint = join(ROOT, 'node_modules/eslint/bin/eslint.js');
    execFile(process.execPath, [eslint, '.', '-f', 'json'], { cwd: copy, maxBuffer: 1 << 26 }, (_, stdout) =>
      resolve(stdout),
    );
  });
  const results = JSON.parse(json) as { filePath: string; messages: { ruleId: string | null }[] }[];
  reported = new Map(
    results.map((result) => [
      result.filePath.slice(copy.length + 1),
      result.messages.map(({ ruleId }) => ruleId ?? ''),
    ]),
  );
}, 60_000);
afterAll(() => rm(copy, { recursive: true, force: true }));

test.each(BREACHES)('lint fails where %s', (_, file, _source, rule) => {
  expect(reported.get(file)).toContain(rule);
});
