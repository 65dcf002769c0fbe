import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { terraform, TERRAFORM, whyNot } from './applied.ts';

const MODULES = join(TERRAFORM, 'modules');
const names = readdirSync(MODULES).sort();
const scratch = mkdtempSync(join(tmpdir(), 'slipway-modules-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A folder in which the modules, and what is generated for them, lie as they do in the root. */
function folder(name: string, files: Readonly<Record<string, string>>): string {
  const at = join(scratch, name);
  mkdirSync(at);
  symlinkSync(MODULES, join(at, 'modules'));
  symlinkSync(join(TERRAFORM, 'generated'), join(at, 'generated'));
  writeFileSync(join(scratch, 'firestore.rules'), 'service cloud.firestore {}\n');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(at, path, '..'), { recursive: true });
    writeFileSync(join(at, path), text);
  }
  return at;
}

const examplesOf = (name: string): string[] =>
  [...readFileSync(join(MODULES, name, 'README.md'), 'utf8').matchAll(/^```hcl\n(.*?)^```$/gms)].map(
    ([, text = '']) => text,
  );

/** All modules' tests as those of one folder: a start for each module would take minutes. */
function testsOfAll(): Record<string, string> {
  const files = names.flatMap((name) =>
    readdirSync(join(MODULES, name, 'tests')).map((file): [string, string] => {
      const text = readFileSync(join(MODULES, name, 'tests', file), 'utf8');
      const source = `  module {\n    source = "./modules/${name}"\n  }\n`;
      return [`tests/${name}--${file}`, text.replace(/^run "[^"]+" \{\n/gm, (line) => line + source)];
    }),
  );
  return Object.fromEntries(files);
}

test('a trigger on documents is made anew with its database: its criteria and which database it is replace it', () => {
  // What mocks make has no life cycle that a test of Terraform could look at.
  const text = readFileSync(join(MODULES, 'trigger/main.tf'), 'utf8');
  expect(text).toMatch(
    /resource "google_eventarc_trigger" "this" \{[^]*replace_triggered_by = \[terraform_data\.criteria\]/,
  );
  expect(text).toMatch(/resource "terraform_data" "criteria" \{\n {2}input = \{.*database_uid/);
});

test('every file is formatted as Terraform formats it', () => {
  const { status, stdout, stderr } = spawnSync('terraform', ['fmt', '-check', '-recursive', TERRAFORM], {
    encoding: 'utf8',
  });
  if (status === null) return console.log('terraform is not installed: its format is not checked');
  expect(stdout + (status === 0 ? '' : stderr)).toBe('');
});

test.each(names)(
  'module %s has a README with one example, tests, and a description for all that goes in and out',
  (name) => {
    const texts = readdirSync(join(MODULES, name))
      .filter((file) => file.endsWith('.tf'))
      .map((file) => readFileSync(join(MODULES, name, file), 'utf8'));
    const blocks = texts.join('\n').match(/^(variable|output) "[^"]+" \{\n(.*?)^\}/gms) ?? [];
    expect(blocks.filter((block) => !/^ {2}description\s*= "./m.test(block))).toEqual([]);
    expect(examplesOf(name)).toHaveLength(1);
    expect(readdirSync(join(MODULES, name, 'tests')).length).toBeGreaterThan(0);
  },
);

(whyNot === null ? describe : describe.skip)('Terraform itself', () => {
  test('passes the tests of all modules', () => {
    const { ok, text } = terraform(folder('tests', { ...testsOfAll(), 'main.tf': '' }), ['test', '-no-color']);
    expect(ok ? '' : text).toBe('');
    // One that ran nothing would pass as well.
    const runs =
      Object.values(testsOfAll())
        .join('\n')
        .match(/^run "/gm)?.length ?? 0;
    expect(text).toContain(`Success! ${runs} passed, 0 failed.`);
  });

  test('passes the tests of the root', () => {
    const { ok, text } = terraform(TERRAFORM, ['test', '-no-color']);
    expect(ok ? '' : text).toBe('');
    expect(text).toMatch(/Success! [1-9]\d* passed, 0 failed\./);
  });

  test('takes the example in the README of each module', () => {
    const text = names.flatMap(examplesOf).join('\n');
    const run = terraform(folder('examples', { 'main.tf': text }), ['validate', '-no-color']);
    expect(run.ok ? '' : run.text).toBe('');
  });

  test('refuses an attribute that a resource does not have', () => {
    const at = folder('wrong', {
      'main.tf':
        'resource "google_pubsub_topic" "this" {\n  project = "my-project"\n  name = "a"\n  dead_letter = "b"\n}\n',
    });
    const run = terraform(at, ['validate', '-no-color']);
    expect(run.ok).toBe(false);
    expect(run.text).toContain('An argument named "dead_letter" is not expected here.');
  });
});
