import type { SlipwayClient } from '../client.ts';
import type { Exit } from './exit.ts';
import type { Io } from './io.ts';
import type { Painter } from './paint.ts';

/** An option of a command: of node:util's parseArgs, and what help and completion say of it. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly short?: string;
  /** What stands for its value in help. */
  readonly value?: string;
  readonly help: string;
  /** What it may be, where that is a few words. */
  readonly choices?: readonly string[];
}
export type Options = Readonly<Record<string, Option>>;

type Value<O extends Option> = O['type'] extends 'boolean'
  ? boolean
  : O['multiple'] extends true
    ? readonly string[]
    : string | undefined;
export type Values<O extends Options> = { readonly [Name in keyof O]: Value<O[Name]> };

/** What a command has to do with. */
export interface Context {
  readonly io: Io;
  /** Made at the first use. @throws UsageError where the settings name none */
  client(): SlipwayClient;
  readonly isJson: boolean;
  readonly width: number;
  readonly paint: Painter;
  /** Lines for people: written only without --json. */
  print(lines: readonly string[]): void;
  /** The one document of --json: written only with it. */
  json(document: unknown): void;
}

export interface Command {
  /** One or two words: `list`, `keys list`. */
  readonly name: string;
  /** In capitals; `[NAME]` may be left out. */
  readonly args: readonly string[];
  readonly summary: string;
  readonly options: Options;
  readonly examples: readonly string[];
  /** Words that its first argument may be. */
  readonly choices?: readonly string[];
  run(context: Context, args: readonly string[], values: Readonly<Record<string, unknown>>): Promise<Exit>;
}

/** A command whose options have the types that its table says. */
export function command<const O extends Options>(
  spec: Omit<Command, 'run' | 'options'> & {
    readonly options: O;
    run(context: Context, args: readonly string[], values: Values<O>): Promise<Exit>;
  },
): Command {
  return { ...spec, run: (context, args, values) => spec.run(context, args, values as Values<O>) };
}

/** What every command takes. */
export const COMMON = {
  json: { type: 'boolean', help: 'one JSON document on stdout, for programs' },
  help: { type: 'boolean', short: 'h', help: 'this' },
} as const satisfies Options;
