import { expect, test } from '@jest/globals';
import type { ErrorRule } from '../../domain/contract/model.ts';
import type { Exit } from '../../host/child.ts';
import { compileRules, failureOf } from '../../gpu-job/runners/failure.ts';
import { watchMemoryKills } from '../../gpu-job/runners/memory-kills.ts';
import { OutputTail } from '../../gpu-job/runners/tail.ts';

const RULES: ErrorRule[] = [
  { exitCode: 4, output: 'never printed', kind: 'quota' },
  { output: '^CUDA out of memory', kind: 'gpu_out_of_memory', message: 'The GPU is too small for this input.' },
  { exitCode: 65, kind: 'invalid_input' },
];
const exited = (code: number): Exit => ({ code, signal: null });
const signaled = (signal: NodeJS.Signals): Exit => ({ code: null, signal });

function tailOf(text: string): OutputTail {
  const tail = new OutputTail();
  tail.stream()(Buffer.from(text));
  return tail;
}

test.each<[string, Exit, string, boolean, object]>([
  [
    'its words',
    exited(1),
    'x\nCUDA out of memory: 3 GiB',
    false,
    { kind: 'gpu_out_of_memory', message: 'The GPU is too small for this input.' },
  ],
  ['its words within a line', exited(1), 'x CUDA out of memory', false, { kind: 'crash' }],
  [
    'its exit code',
    exited(65),
    'no atoms in the molecule\n',
    false,
    { kind: 'invalid_input', message: 'no atoms in the molecule' },
  ],
  ['one condition of two', exited(4), 'x', false, { kind: 'crash' }],
  [
    'no rule',
    exited(3),
    'a\n 5%|▌ | 1/20 [00:01<]\r{"metric":{"name":"a","value":1}}\nb\n',
    false,
    { kind: 'crash', message: 'The program ended with exit code 3. Its last output:\na\nb' },
  ],
  [
    'silence',
    exited(3),
    '',
    false,
    { kind: 'crash', message: 'The program ended with exit code 3. It printed nothing.' },
  ],
  ['a kill for memory', signaled('SIGKILL'), '', true, { kind: 'out_of_memory' }],
  ['a kill for memory below a shell', exited(137), '', true, { kind: 'out_of_memory' }],
  ['another kill', signaled('SIGKILL'), '', false, { kind: 'crash' }],
  ['a fault', signaled('SIGSEGV'), '', true, { kind: 'crash', message: expect.stringContaining('SIGSEGV') }],
])('a program that ended with %s', (_, exit, output, killedForMemory, error) => {
  expect(failureOf(exit, compileRules(RULES), tailOf(output), () => killedForMemory)).toMatchObject(error);
});

test('rules see the last 64 KiB only', () => {
  const rules = compileRules([{ output: 'needle', kind: 'quota' }]);
  expect(rules(1, tailOf(`needle${'x'.repeat(64 * 1024)}`))).toBeNull();
  expect(rules(1, tailOf(`needle${'x'.repeat(64 * 1024 - 6)}`))).toMatchObject({ kind: 'quota' });
});

test.each([
  ['the count rose', [3, 4], true],
  ['the count stood', [3, 3], false],
  ['there is no count', [null, null], true],
])('a SIGKILL is taken for lack of memory? %s', (_, counts, plausible) => {
  const readings = [...counts];
  expect(watchMemoryKills(() => readings.shift() ?? null)()).toBe(plausible);
});
