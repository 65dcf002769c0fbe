import { completionOf } from './completion.ts';
import { doctor } from './doctor.ts';
import { EXIT, type Exit } from './exit.ts';
import { explained, linesOf } from './explained.ts';
import { explain } from './explain.ts';
import { helpOf, overview } from './help.ts';
import { hasColours, stderrWidthOf, widthOf, type Io } from './io.ts';
import { cancel, get, list, retry, watch } from './jobs.ts';
import { logs } from './logs.ts';
import { deleteKey, listKeys, makeKey } from './keys.ts';
import { models } from './models.ts';
import { painter } from './paint.ts';
import { asksHelp, asksJson, commandOf, groupOf, parse } from './parse.ts';
import { plan } from './plan.ts';
import { clientOf } from './settings.ts';
import type { Command, Context } from './spec.ts';
import { submit } from './submit.ts';
import { getTenant, listTenants, putTenant } from './tenants.ts';

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
    const { exit, ...told } = explained(error, io);
    if (isJson) io.stdout(`${JSON.stringify({ error: { exit, ...told.document } }, null, 2)}\n`);
    io.stderr(`${linesOf(told, stderrWidthOf(io)).join('\n')}\n`);
    return exit;
  }
}

async function run(argv: readonly string[], io: Io): Promise<Exit> {
  const write = (lines: readonly string[]): void => io.stdout(lines.map((line) => `${line}\n`).join(''));
  const width = widthOf(io);
  const [first] = argv;
  if (first === '--version') {
    write([`slipway ${io.version}`]);
    return EXIT.ok;
  }
  if (first === 'help' || asksHelp(argv)) {
    write(helpFor(argv, width));
    return EXIT.ok;
  }
  const { command, args, values, isJson } = parse(COMMANDS, argv);
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

/** Help for the command or group that is named before any option, or of everything. @throws UsageError */
function helpFor(argv: readonly string[], width: number): string[] {
  const words = argv.filter((arg) => !/^(-h|--help|--json|help)$/.test(arg));
  const end = words.findIndex((word) => word.startsWith('-'));
  const named = end < 0 ? words : words.slice(0, end);
  if (named.length === 0) return overview(COMMANDS, width);
  const group = groupOf(COMMANDS, named);
  return group.length > 0 ? overview(group, width) : helpOf(commandOf(COMMANDS, named)[0], width);
}
