import { EXIT } from './exit.ts';
import { COMMON, command, type Command } from './spec.ts';

const SHELLS = ['bash', 'zsh'];

/** The command that prints the completion of all others, itself included. */
export function completionOf(others: readonly Command[]): Command {
  const completion: Command = command({
    name: 'completion',
    args: ['SHELL'],
    summary: 'Print the completion of a shell, bash or zsh',
    options: {},
    choices: SHELLS,
    examples: ['source <(slipway completion bash)'],
    run: async ({ io }, [shell]) => {
      io.stdout(`${scriptFor(shell ?? '', [...others, completion]).join('\n')}\n`);
      return EXIT.ok;
    },
  });
  return completion;
}

/** zsh runs what is written for bash. */
function scriptFor(shell: string, commands: readonly Command[]): string[] {
  const head =
    shell === 'zsh' ? ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'] : [];
  const firsts = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  return [
    ...head,
    '_slipway() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" words=""',
    '  local at="${COMP_WORDS[1]} ${COMP_WORDS[2]}"',
    '  case "$COMP_CWORD $at" in',
    `    "1 "*) words=${quoted(firsts)} ;;`,
    ...firsts.flatMap((first) => {
      const seconds = commands
        .filter(({ name }) => name.startsWith(`${first} `))
        .map(({ name }) => name.split(' ')[1] ?? '');
      return seconds.length === 0 ? [] : [`    "2 ${first} "*) words=${quoted(seconds)} ;;`];
    }),
    ...commands.map(caseOf),
    '  esac',
    '  case "$prev $at" in',
    ...commands.flatMap(choicesOf),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -o default -F _slipway slipway',
  ];
}

const quoted = (words: readonly string[]): string => `"${words.join(' ')}"`;
const pattern = (name: string): string => (name.includes(' ') ? `"${name}"` : `"${name} "*`);

function caseOf({ name, options, choices = [] }: Command): string {
  const flags = Object.keys({ ...options, ...COMMON }).map((option) => `--${option}`);
  return `    *" "${pattern(name)}) words=${quoted([...choices, ...flags])} ;;`;
}

const choicesOf = ({ name, options }: Command): string[] =>
  Object.entries(options).flatMap(([option, { choices }]) =>
    choices === undefined ? [] : [`    "--${option} "${pattern(name)}) words=${quoted(choices)} ;;`],
  );
