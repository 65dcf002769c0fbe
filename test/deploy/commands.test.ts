import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { systemCommands } from '../../scripts/deploy/commands.ts';

describe('a command whose output is shown', () => {
  afterEach(() => void jest.restoreAllMocks());

  test('has its complaints kept too where they are judged, and shown as they come', async () => {
    const shown: string[] = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((bytes) => shown.push(bytes.toString()) > 0);
    const { run } = systemCommands({ cwd: '/', env: process.env, say: () => undefined });
    const ran = await run({ program: 'sh', args: ['-c', 'echo no >&2; exit 3'], isShown: true, isErrKept: true });
    expect([ran, shown.join('')]).toEqual([{ code: 3, out: '', err: 'no\n' }, 'no\n']);
  });
});
