import { parseArgs } from 'node:util';

/** The flags of a bench of starts; ends the process where they are none of ours. */
export function startFlags(rounds: number): { readonly rounds: number; readonly each: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: String(rounds) },
        // Also with each measure of the build left off, to see what it brings.
        each: { type: 'boolean', default: false },
      },
    });
    if (/^[1-9]\d{0,3}$/.test(values.rounds)) return { rounds: Number(values.rounds), each: values.each };
    console.error(`--rounds is a whole number from 1, not ${values.rounds}`);
  } catch (error) {
    console.error(`${(error as Error).message}\nThe flags are --rounds N and --each.`);
  }
  process.exit(1);
}
