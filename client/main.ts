import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
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
// Whoever reads may stop before the end, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
);

const io: Io = {
  ...systemHost,
  stdout: (written) => void process.stdout.write(written),
  stderr: (written) => void process.stderr.write(written),
  env: process.env,
  columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  isTerminal: { stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
  signal: interrupt.signal,
  nodeVersion: process.versions.node,
  readFile: (path) => readFile(path, 'utf8'),
  openFile: (path) => openAsBlob(path),
  readStdin: () => text(process.stdin),
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
