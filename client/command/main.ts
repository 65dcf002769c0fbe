import { SlipwayError } from '../errors.ts';
import { completionOf } from './completion.ts';
import { doctor } from './doctor.ts';
import { EXIT, exitOf, InterruptedError, UsageError, type Exit } from './exit.ts';
import { explain } from './explain.ts';
import { helpOf, overview } from './help.ts';
import { hasColours, widthOf, type Io } from './io.ts';
import { cancel, get, list, retry, watch } from './jobs.ts';
import { logs } from './logs.ts';
import { deleteKey, listKeys, makeKey } from './keys.ts';
import { models } from './models.ts';
import { painter } from './paint.ts';
import { asksJson, commandOf, parse } from './parse.ts';
import { plan } from './plan.ts';
import { clientOf } from './settings.ts';
import type { Command, Context } from './spec.ts';
import { submit } from './submit.ts';
import { getTenant, listTenants, putTenant } from './tenants.ts';
import { wrapped } from './text.ts';

const OTHERS = [
  submit,
  plan,
  get,
  list,
  watch,
  logs,
  explain,
  cancel,
  retry,
  models,
  listTenants,
  getTenant,
  putTenant,
  listKeys,
  makeKey,
  deleteKey,
  doctor,
];
export const COMMANDS: readonly Command[] = [...OTHERS, completionOf(OTHERS)];

/** The command `slipway`: what it was asked for, on this io; gives what the process is to end with. */
export async function main(argv: readonly string[], io: Io): Promise<Exit> {
  const isJson = asksJson(argv);
  try {
    return await run(argv, io);
  } catch (error) {
    const { exit, code, says, errors, hint } = explained(error);
    if (isJson) io.stdout(`${JSON.stringify({ error: { exit, ...code, detail: says, errors } }, null, 2)}\n`);
    const width = widthOf(io);
    const lines = [...wrapped(`slipway: ${says}`, width)];
    for (const { field, message } of errors)
      lines.push(...wrapped(`${field} ${message}`, width - 2).map((line) => `  ${line}`));
    if (hint !== null) lines.push(...wrapped(hint, width));
    io.stderr(`${lines.join('\n')}\n`);
    return exit;
  }
}

async function run(argv: readonly string[], io: Io): Promise<Exit> {
  const write = (lines: readonly string[]): void => io.stdout(lines.map((line) => `${line}\n`).join(''));
  const width = widthOf(io);
  const [first] = argv;
  if (first === '--help' || first === '-h' || first === 'help') {
    const wanted = first === 'help' ? argv.slice(1) : [];
    write(wanted.length === 0 ? overview(COMMANDS, width) : helpOf(commandOf(COMMANDS, wanted)[0], width));
    return EXIT.ok;
  }
  const { command, args, values, isJson, wantsHelp } = parse(COMMANDS, argv);
  if (wantsHelp) {
    write(helpOf(command, width));
    return EXIT.ok;
  }
  let client: ReturnType<Context['client']> | null = null;
  const context: Context = {
    io,
    isJson,
    width,
    client: () => (client ??= clientOf(io)),
    paint: painter(hasColours(io)),
    print: (lines) => (isJson ? undefined : write(lines)),
    json: (document) => (isJson ? io.stdout(`${JSON.stringify(document, null, 2)}\n`) : undefined),
  };
  return command.run(context, args, values);
}

interface Explained {
  readonly exit: Exit;
  readonly code: { readonly status: number | null; readonly code: string };
  readonly says: string;
  readonly errors: SlipwayError['errors'];
  readonly hint: string | null;
}

/** What to tell of what was thrown; a fault of our own is thrown on. */
function explained(error: unknown): Explained {
  if (error instanceof UsageError) {
    const code = { status: null, code: 'usage' };
    return { exit: EXIT.usage, code, says: error.message, errors: [], hint: error.hint };
  }
  if (error instanceof InterruptedError) {
    const code = { status: null, code: 'interrupted' };
    return { exit: EXIT.interrupted, code, says: error.message, errors: [], hint: null };
  }
  if (!(error instanceof SlipwayError)) throw error;
  const { status, code, detail, errors } = error;
  return { exit: exitOf(error), code: { status, code }, says: detail, errors, hint: hintOf(exitOf(error)) };
}

const HINTS: Partial<Record<Exit, string>> = {
  [EXIT.unreachable]: 'npm start starts a Slipway here; SLIPWAY_URL says where another is.',
  [EXIT.unauthorised]: '"slipway doctor" tells what your SLIPWAY_API_KEY is good for.',
};
const hintOf = (exit: Exit): string | null => HINTS[exit] ?? null;
