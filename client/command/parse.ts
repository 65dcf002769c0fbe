import { parseArgs } from 'node:util';
import { nearNames } from '../../domain/near-names.ts';
import { UsageError } from './exit.ts';
import { COMMON, type Command, type Options } from './spec.ts';

export interface Parsed {
  readonly command: Command;
  readonly args: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly isJson: boolean;
}

/** Whether --json is asked for, though the rest may not be understood. */
export const asksJson = (argv: readonly string[]): boolean =>
  argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length).includes('--json');

/** Whether help is asked for, wherever that stands. */
export const asksHelp = (argv: readonly string[]): boolean =>
  argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length).some((arg) => arg === '--help' || arg === '-h');

/** The commands of a group, where these words are its name and no more: `keys`. */
export const groupOf = (commands: readonly Command[], [first, ...more]: readonly string[]): readonly Command[] =>
  more.length > 0 || commands.some(({ name }) => name === first)
    ? []
    : commands.filter(({ name }) => name.startsWith(`${first} `));

/**
 * The command that these arguments begin with, and what is left of them.
 * @throws UsageError with the near ones
 */
export function commandOf(commands: readonly Command[], argv: readonly string[]): [Command, string[]] {
  // `slipway --json list` is meant as `slipway list --json`.
  const at = argv.findIndex((arg) => !arg.startsWith('-'));
  const [flags, words] = at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at)];
  const [first = '', second = ''] = words;
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  const found = group.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first);
  if (found !== undefined) return [found, [...flags, ...words.slice(found.name.split(' ').length)]];
  if (group.length > 0) {
    const names = group.map(({ name }) => name.split(' ')[1] ?? '');
    const said =
      second === '' || second.startsWith('-')
        ? `slipway ${first} needs one word more`
        : `slipway ${first} has no "${second}"`;
    throw new UsageError(
      `${said}: ${names.join(', ')}.`,
      meant(nearNames(second, names).map((near) => `${first} ${near}`)),
    );
  }
  if (first === '') throw new UsageError('Which command?', '"slipway --help" lists them.');
  const names = [...new Set(commands.flatMap(({ name }) => [name, name.split(' ')[0] ?? '']))];
  throw new UsageError(
    `There is no command "${first}".`,
    meant(nearNames(first, names)) ?? '"slipway --help" lists them.',
  );
}

/** @throws UsageError */
export function parse(commands: readonly Command[], argv: readonly string[]): Parsed {
  const [command, rest] = commandOf(commands, argv);
  const options: Options = { ...command.options, ...COMMON };
  const { values, positionals } = parsed(command, options, rest);
  checkArgs(command, positionals);
  for (const [name, { choices }] of Object.entries(options)) {
    for (const given of [values[name] ?? []].flat() as string[]) {
      if (choices === undefined || choices.includes(given)) continue;
      const near = meant(nearNames(given, choices));
      throw new UsageError(`--${name} can be ${choices.join(', ')}; not "${given}".`, near);
    }
  }
  const filled = Object.entries(options).map(([name, { type, multiple }]) => [
    name,
    values[name] ?? (type === 'boolean' ? false : multiple === true ? [] : undefined),
  ]);
  return {
    command,
    args: positionals,
    values: Object.fromEntries(filled) as Record<string, unknown>,
    isJson: values['json'] === true,
  };
}

function parsed(
  command: Command,
  options: Options,
  args: string[],
): { values: Record<string, unknown>; positionals: string[] } {
  const taken = Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false, short }]) => [
      name,
      { type, multiple, ...(short === undefined ? {} : { short }) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args, options: taken, allowPositionals: true, strict: true });
    return { values, positionals };
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'(-[^']*)'/.exec(message)?.[1] : undefined;
    if (unknown === undefined)
      throw new UsageError(`${(message.split('\n')[0] ?? '').replace(/\.$/, '')}.`, helpOf(command));
    const near = nearNames(unknown.replace(/^-+/, ''), Object.keys(options)).map((name) => `--${name}`);
    throw new UsageError(`"slipway ${command.name}" has no option ${unknown}.`, meant(near) ?? helpOf(command));
  }
}

function checkArgs(command: Command, given: readonly string[]): void {
  const needed = command.args.filter((name) => !name.startsWith('['));
  const missing = needed[given.length];
  if (missing !== undefined) throw new UsageError(`"slipway ${command.name}" needs ${missing}.`, helpOf(command));
  const [first] = given;
  const { choices } = command;
  if (choices !== undefined && first !== undefined && !choices.includes(first)) {
    const near = meant(nearNames(first, choices));
    throw new UsageError(`${command.args[0]} can be ${choices.join(', ')}; not "${first}".`, near);
  }
  const surplus = given[command.args.length];
  if (surplus !== undefined) throw new UsageError(`"slipway ${command.name}" takes no "${surplus}".`, helpOf(command));
}

const helpOf = ({ name }: Command): string => `"slipway ${name} --help" tells more.`;
const meant = (near: readonly string[]): string | null =>
  near.length === 0 ? null : `Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`;
