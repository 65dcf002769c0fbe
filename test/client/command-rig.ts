import { expect } from '@jest/globals';
import { cellsOf } from '../../client/command/cells.ts';
import { InterruptedError } from '../../client/command/exit.ts';
import type { Io } from '../../client/command/io.ts';
import { main } from '../../client/command/main.ts';
import { systemHost } from '../../client/host.ts';
import { refs } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import type { Job, JobState } from '../../domain/contract/job.ts';
import { KEY, type TestApi } from '../api/serve-api.ts';
import { hastyClock } from './client-rig.ts';

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface World extends Partial<Omit<Io, 'stdout' | 'stderr' | 'readFile' | 'openFile' | 'readStdin'>> {
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Called with each piece of stderr as it comes. */
  readonly onStderr?: (text: string) => void;
}

/** One run of the command in this process. Whatever it prints but for --json and completion has to fit into its columns. */
export async function slipway(api: Pick<TestApi, 'url'>, argv: readonly string[], world: World = {}): Promise<Ran> {
  const { files = {}, stdin = '', onStderr, ...given } = world;
  let [out, err] = ['', ''];
  const readText = async (path: string): Promise<string> =>
    files[path] ?? Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' }));
  const io: Io = {
    ...systemHost,
    clock: hastyClock(Date.now()),
    columns: undefined,
    isTerminal: { stdout: false, stderr: false },
    signal: new AbortController().signal,
    nodeVersion: '24.1.0',
    version: '1.2.3',
    missingForEmulators: async () => null,
    ...given,
    env: { SLIPWAY_URL: api.url, SLIPWAY_API_KEY: KEY, ...given.env },
    stdout: (text) => void (out += text),
    stderr: (text) => {
      err += text;
      onStderr?.(text);
    },
    readFile: readText,
    openFile: async (path) => new Blob([await readText(path)]),
    readStdin: async () => stdin,
  };
  const exit = await main(argv, io);
  const forPeople = argv.includes('--json') || argv[0] === 'completion' ? err : out + err;
  const tooLong = plain(forPeople)
    .split(/[\r\n]/)
    .filter((line) => cellsOf(line) > (io.columns ?? Number(io.env['COLUMNS'] ?? 80)));
  expect(tooLong).toEqual([]);
  if (argv.includes('--json')) expect(() => void JSON.parse(out)).not.toThrow();
  return { exit, out, err };
}

/** Without colours and what erases the rest of a line. */
export const plain = (text: string): string => text.replace(/\u001b\[[\d;]*[mK]/g, '');

export const interrupted = (): AbortController => {
  const controller = new AbortController();
  controller.abort(new InterruptedError('Interrupted. A job that was submitted goes on.'));
  return controller;
};

/** Moves a job on as its worker would, through each of these states. */
export async function moveOn(api: TestApi, id: string, through: readonly [JobState, Partial<Job>][]): Promise<void> {
  for (const [to, patch] of through) {
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error(`there is no job ${id}`);
    await api.store.commit(move(read, to, Date.now(), { patch }));
  }
}
