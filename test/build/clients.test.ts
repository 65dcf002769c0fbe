import { expect, test } from '@jest/globals';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundleEntries, ROOT } from '../../scripts/build/bundle.ts';
import { EMULATORS } from '../emulators/here.ts';
import { tempFolder } from '../worker/harness.ts';

test('the adapters pass their tests on the clients as the build makes them, with what is called and nothing else', async () => {
  const { files } = await bundleEntries({ clients: join(import.meta.dirname, 'clients.ts') }, 'test', { models: [] });
  const folder = tempFolder();
  for (const [path, code] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
  const jest = ['--experimental-vm-modules', '--no-warnings', join(ROOT, 'node_modules/jest/bin/jest.js')];
  const env = {
    ...process.env,
    SLIPWAY_TEST_CLIENTS: join(folder, 'clients.mjs'),
    ...(EMULATORS === null ? { SLIPWAY_TEST_EMULATORS: 'off' } : {}),
  };
  const config = ['--config', join(import.meta.dirname, 'clients.config.js'), '--json', '--no-cache'];
  // Not waited for in the way: the relay between the emulators and the tests is in a process of these tests.
  const { status, stdout, stderr } = await ended(spawn(process.execPath, [...jest, ...config], { cwd: ROOT, env }));
  const { numPassedTests, numFailedTests } = JSON.parse(stdout.slice(stdout.indexOf('{"'))) as Record<string, number>;
  expect({ status, numFailedTests, said: status === 0 ? '' : stderr }).toEqual({
    status: 0,
    numFailedTests: 0,
    said: '',
  });
  expect(numPassedTests).toBeGreaterThan(EMULATORS === null ? 40 : 100);
}, 300_000);

async function ended(child: ChildProcessWithoutNullStreams) {
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { stdout, stderr, status };
}
