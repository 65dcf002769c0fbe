import { join } from 'node:path';
import { DataFolderHeldError } from './data-folder.ts';
import { runStack } from './run.ts';
import { startStack } from './stack.ts';

/** `npm start`: everything on this machine, on the embedded engine. */
await runStack({
  dataFolder: '.slipway',
  start: startStack,
  about: () => [],
  atStop: 'queued jobs stay queued',
  reasonFor: (error, dataFolder) => {
    const { message } = error;
    if (error instanceof DataFolderHeldError) return message;
    const database = join(dataFolder, 'slipway.db');
    const elsewhere = 'choose another folder with SLIPWAY_DATA';
    // A newer Slipway's file: the message begins with the file and says what to do.
    if (message.startsWith(`${database} `)) return message;
    const { code, syscall, path } = error as NodeJS.ErrnoException;
    if (code === 'ERR_SQLITE_ERROR') {
      return `${database} cannot be used as Slipway's database: ${message}. Move it away, or ${elsewhere}.`;
    }
    if (syscall === undefined || path === undefined) return null;
    return `The data folder ${dataFolder} cannot be used: ${message}. Mend it, or ${elsewhere}.`;
  },
});
