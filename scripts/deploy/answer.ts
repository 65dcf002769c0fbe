import { createInterface } from 'node:readline/promises';

/** What a person answers to a question; nothing where the input ends, as by Ctrl-D. @throws the signal's reason */
export async function answerTo(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<string> {
  const terminal = createInterface({ input, output });
  // It takes Ctrl-C for itself.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const asked = terminal.question(`\n${question}`, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    if ((error as Error).name === 'AbortError') return '';
    throw error;
  });
  try {
    return await Promise.race([asked, closed]);
  } finally {
    terminal.close();
  }
}
