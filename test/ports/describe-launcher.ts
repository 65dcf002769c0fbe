import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Launcher } from '../../domain/ports.ts';
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
    const start = async (): Promise<string> => {
      const result = await underTest.launcher.launch(aLaunch());
      if (result.kind !== 'started') throw new Error(`not started: ${result.message}`);
      return result.execution;
    };
    const ended = async (execution: string): Promise<void> => {
      while ((await underTest.launcher.status(execution)) !== 'ended') await new Promise(setImmediate);
    };

    test('each launch is an execution of its own, running until it is cancelled', async () => {
      const [one, two] = [await start(), await start()];
      expect(one).not.toBe(two);
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
      await underTest.launcher.cancel('pool-never-was');
      expect(await underTest.launcher.status('pool-never-was')).toBe('unknown');
    });
  });
}
