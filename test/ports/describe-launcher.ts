import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Execution, Launcher } from '../../domain/ports.ts';
import { aLaunch } from './launch-request.ts';

/** `launcher` starts workers that wait until they are cancelled. */
export interface LauncherUnderTest {
  readonly launcher: Launcher;
  close(): Promise<void>;
}

/** What every engine's Launcher must do. */
export function describeLauncher(name: string, makeLauncher: () => Promise<LauncherUnderTest>): void {
  describe(`Launcher on ${name}`, () => {
    let underTest: LauncherUnderTest;
    beforeAll(async () => {
      underTest = await makeLauncher();
    });
    afterAll(() => underTest.close());
    const start = async (fence = 1): Promise<Execution> => {
      const { queue, ...request } = aLaunch({ fence });
      const result = await underTest.launcher.launch({ queue, ...request });
      if (result.kind !== 'started') throw new Error(`not started: ${result.message}`);
      return { queue, execution: result.execution };
    };
    const ended = async (execution: Execution): Promise<void> => {
      while ((await underTest.launcher.status(execution)) !== 'ended') await new Promise(setImmediate);
    };

    test('each launch is an execution of its own, running until it is cancelled', async () => {
      const [one, two] = [await start(), await start()];
      expect(one.execution).not.toBe(two.execution);
      expect(await underTest.launcher.status(one)).toBe('running');
      await underTest.launcher.cancel(one);
      await ended(one);
      expect(await underTest.launcher.status(two)).toBe('running');
      await underTest.launcher.cancel(two);
      await ended(two);
    });

    test('cancelling twice, what has ended, and what never was, are no failures', async () => {
      const execution = await start();
      await Promise.all([underTest.launcher.cancel(execution), underTest.launcher.cancel(execution)]);
      await ended(execution);
      await underTest.launcher.cancel(execution);
      const never = { queue: aLaunch().queue, execution: 'pool-never-was' };
      await underTest.launcher.cancel(never);
      expect(await underTest.launcher.status(never)).toBe('unknown');
    });

    test('what was launched for a slot and fence is found by them until it has ended', async () => {
      const [mine, twin, other] = [await start(7), await start(7), await start(8)];
      const { queue, slot } = aLaunch();
      const found = await underTest.launcher.find({ queue, slot, fence: 7 });
      const names = (executions: readonly Execution[]): string[] => executions.map((one) => one.execution).sort();
      expect(names(found)).toEqual(names([mine, twin]));
      for (const one of found) await underTest.launcher.cancel(one);
      await Promise.all([mine, twin].map(ended));
      expect(await underTest.launcher.find({ queue, slot, fence: 7 })).toEqual([]);
      await underTest.launcher.cancel(other);
    });
  });
}
