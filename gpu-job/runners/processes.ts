import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { spawnGuarded, type GuardedChild } from '../../host/child.ts';

/** Every process group that runs now, so that all can be killed at once. */
export class Processes {
  readonly #running = new Set<GuardedChild>();

  start(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): GuardedChild {
    const child = spawnGuarded(program, args, { cwd, env });
    this.#running.add(child);
    void child.exited.then(() => this.#running.delete(child));
    return child;
  }

  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

/** What of the worker's environment a model's program may see: where programs and libraries are, and the GPU. Nothing of the door. */
const SHARED = /^(PATH|LANG|LC_[A-Z]+|TZ|LD_LIBRARY_PATH|CUDA_VISIBLE_DEVICES|NVIDIA_[A-Z_]+)$/;

/** The clean environment of a model's program; `folder` is its home and takes its temporary files. */
export function cleanEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  folder: string,
): Record<string, string> {
  const shared = Object.entries(own).filter(
    (pair): pair is [string, string] => SHARED.test(pair[0]) && pair[1] !== undefined,
  );
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...Object.fromEntries(shared),
    HOME: folder,
    TMPDIR: folder,
  };
}

/** What to start: `node` is the Node that runs this, and a path into the model folder is one wherever the program is started. */
export function resolveProgram(
  runner: { readonly program: string; readonly args: readonly string[] },
  folder: string,
  placeholders: Readonly<Record<string, string>>,
): { program: string; args: string[] } {
  const inFolder = (text: string): string => {
    const path = join(folder, text);
    return text !== '' && !isAbsolute(text) && statSync(path, { throwIfNoEntry: false })?.isFile() === true
      ? path
      : text;
  };
  const filled = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
      Object.hasOwn(placeholders, name) ? (placeholders[name] ?? whole) : whole,
    );
  return {
    program:
      runner.program === 'node'
        ? process.execPath
        : runner.program.includes('/')
          ? inFolder(runner.program)
          : runner.program,
    args: runner.args.map((arg) => filled(inFolder(arg))),
  };
}
