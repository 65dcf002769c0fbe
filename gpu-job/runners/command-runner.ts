import type { CommandOptions } from './command.ts';
import type { Runner } from './runner.ts';

/**
 * A model that is a program: one child process a job, with its input as a file. It prints news as lines on stdout
 * (`{"progress":…}`, `{"metric":…}`, `{"log":…}`, `{"artifact":…}`, or a tqdm bar on either stream), leaves its result as JSON in the
 * output file and files to keep in the artifacts folder, and exits 0.
 */
export function createCommandRunner(options: CommandOptions): Runner {
  return {
    fault: null,
    ensureReady: async () => undefined,
    run: async (request) => {
      // Nothing of it is needed before there is a job, and a worker without one is on its way to the first.
      const { runCommand } = await import('./command.ts');
      return runCommand(options, request);
    },
    close: async () => undefined,
  };
}
