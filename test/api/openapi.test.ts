import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openApi } from '../../functions/api/openapi.ts';
import { API_ROUTES } from '../../functions/api/routes.ts';
import { newFolder, removeFolders } from '../local/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What the generated files are made of, and one of them. */
const CODE = ['scripts', 'cloud', 'functions', 'domain', 'eventarc', 'gpu-job', 'host'];
const PARTS = [...CODE, 'docs', 'package.json', 'openapi.json'];
afterAll(removeFolders);

const generate = (root: string, ...args: string[]): number | null =>
  spawnSync(process.execPath, [join(root, 'scripts/generate.ts'), ...args], { cwd: root }).status;

describe('openapi.json', () => {
  test('is what the code says, and any drift from it is found', () => {
    expect(generate(ROOT, '--check')).toBe(0);
    const copy = newFolder();
    for (const part of PARTS) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const file = join(copy, 'openapi.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('Submit a job', 'Submit something'));
    expect(generate(copy, '--check')).toBe(1);
    expect(generate(copy)).toBe(0);
    expect(generate(copy, '--check')).toBe(0);
  });

  test('describes every route, and refers to nothing that it does not have', () => {
    const document = openApi('0') as {
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: object };
    };
    for (const { path, method } of API_ROUTES) expect(document.paths[path]).toHaveProperty(method.toLowerCase());
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(new Set(refs)).toEqual(
      new Set(Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`)),
    );
  });

  test('says what may be shown in the place of a key, and where', () => {
    const document = openApi('0') as {
      security: object[];
      paths: Record<string, Record<string, { security?: object[] }>>;
      components: { securitySchemes: Record<string, object> };
    };
    const schemes = document.components.securitySchemes;
    expect(schemes['readTokenInAddress']).toMatchObject({ type: 'apiKey', in: 'query', name: 'token' });
    const namesOf = (security: object[] | undefined): string[] => (security ?? document.security).flatMap(Object.keys);
    for (const { path, method, showsJob, scope } of API_ROUTES) {
      const names = namesOf(document.paths[path]?.[method.toLowerCase()]?.security);
      expect([path, names]).toEqual([
        path,
        [
          'apiKey',
          ...(scope === 'admin' ? [] : ['idToken']),
          ...(showsJob === true ? ['readToken', 'readTokenInAddress'] : []),
        ],
      ]);
      for (const name of names) expect(schemes).toHaveProperty(name);
    }
  });

  test('says that a request may leave out what has a default', () => {
    const document = openApi('0') as { components: { schemas: Record<string, { required: string[] }> } };
    expect(document.components.schemas['CreateJobRequest']?.required).toEqual(['model', 'input']);
  });
});
