import { expect, test } from '@jest/globals';
import { GPU_MINIMA, HARDWARE, priceOf, unknownHardware, type Machine } from '../../domain/hardware.ts';

const ROWS: [string, Machine][] = Object.entries(HARDWARE);

test.each(ROWS)('%s is a machine that Cloud Run makes', (_, { gpu, cpu, memoryGiB }) => {
  if (gpu !== null) {
    expect(cpu).toBeGreaterThanOrEqual(GPU_MINIMA[gpu].cpu);
    expect(memoryGiB).toBeGreaterThanOrEqual(GPU_MINIMA[gpu].memoryGiB);
  }
  expect(memoryGiB).toBeGreaterThanOrEqual(cpu / 2);
});

test.each([
  ['cpu', 0.000044],
  ['l4', 0.0002907],
  ['l4-8x32', 0.0003947],
])('%s costs %p USD a second', (name, usd) => {
  expect(priceOf(name)?.usdPerSecond).toBeCloseTo(usd, 10);
});

test('a price that nobody has found is none, and so is that of hardware that there is no more', () => {
  expect(priceOf('rtx-pro-6000')).toBeNull();
  expect(priceOf('abacus')).toBeNull();
  expect(priceOf('toString')).toBeNull();
});

test('who names hardware that there is not is told what was meant, and what there is', () => {
  expect(unknownHardware('L4')).toContain('did you mean l4? ');
  expect(unknownHardware('abacus')).toBe(
    'is no machine that there is: domain/hardware.ts has cpu, l4, l4-8x32, rtx-pro-6000',
  );
});
