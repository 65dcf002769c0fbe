import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { EmulatorsMissingError, installedEmulators } from '../emulators/installed.ts';
import { EXIT, InterruptedError } from './command/exit.ts';
import type { Io } from './command/io.ts';
import { main } from './command/main.ts';
import { systemHost } from './host.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => {
  // A second one ends it at once.
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
  interrupt.abort(new InterruptedError('Interrupted. A job that was submitted goes on.'));
});
/** Whoever reads may stop before the end, as `head` does: what was to be told is still done, and how it ended is still said. */
function writer(stream: NodeJS.WriteStream): (text: string) => void {
  let isClosed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (isClosed) return;
    isClosed = true;
    if (error.code === 'EPIPE') return;
    // A full disk, say: what was asked for is not there.
    if (stream !== process.stderr) process.stderr.write(`slipway: its output cannot be written: ${error.code}.\n`);
    process.exit(EXIT.failed);
  });
  return (written) => void (isClosed || stream.write(written));
}

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const io: Io = {
  ...systemHost,
  stdout: writer(process.stdout),
  stderr: writer(process.stderr),
  env: process.env,
  columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  stderrColumns: () => (process.stderr.isTTY ? process.stderr.columns : undefined),
  version,
  isTerminal: { stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
  signal: interrupt.signal,
  nodeVersion: process.versions.node,
  readFile: (path) => readFile(path, 'utf8'),
  openFile: (path) => openAsBlob(path),
  readStdin: async () => {
    try {
      return await text(addAbortSignal(interrupt.signal, process.stdin));
    } finally {
      interrupt.signal.throwIfAborted();
    }
  },
  missingForEmulators: () =>
    installedEmulators(['firestore', 'pubsub']).then(
      () => null,
      (error: unknown) => {
        if (error instanceof EmulatorsMissingError) return error.message;
        throw error;
      },
    ),
};
process.exitCode = await main(process.argv.slice(2), io);
