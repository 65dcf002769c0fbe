import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { systemRandom } from '../../host/random.ts';
import { fileSecrets } from '../../local/secrets.ts';
import { describeSecrets } from '../ports/describe-secrets.ts';
import { newFolder, removeFolders } from './folder.ts';

afterAll(removeFolders);

test('a secret is made once, at random, and is the same ever after, also for those who ask at once', async () => {
  const folder = join(newFolder(), 'secrets');
  const secrets = fileSecrets(folder, systemRandom);
  const asked = await Promise.all(Array.from({ length: 20 }, () => secrets.get('idempotency-pepper')));
  expect(new Set(asked).size).toBe(1);
  expect(asked[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(await fileSecrets(folder, systemRandom).get('idempotency-pepper')).toBe(asked[0]);
  expect(await secrets.ensureSecret('other')).not.toBe(asked[0]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'other')).mode & 0o777).toBe(0o600);
});

describeSecrets('files', async (value) => {
  const folder = newFolder();
  writeFileSync(join(folder, 'idempotency-pepper'), `${value}\n`);
  return fileSecrets(folder, systemRandom);
});

test('an emptied file is not taken for a secret, and says what to do', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'pepper'), '\n');
  await expect(fileSecrets(folder, systemRandom).ensureSecret('pepper')).rejects.toThrow(/pepper is empty: put back/);
});

test.each(['', '../x', 'a/b', 'A', '.hidden'])('the name %j is refused', async (name) => {
  await expect(fileSecrets(newFolder(), systemRandom).ensureSecret(name)).rejects.toThrow(TypeError);
});
