import { COMMON, type Command, type Option } from './spec.ts';
import { fields, wrapped } from './text.ts';

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['  SLIPWAY_URL', 'where Slipway is; http://127.0.0.1:8080 unless set'],
  ['  SLIPWAY_API_KEY', 'the API key, as npm start prints it'],
];

/** What `slipway --help` says. */
export function overview(commands: readonly Command[], width: number): string[] {
  return [
    'slipway: submit GPU jobs and follow them',
    '',
    'Commands:',
    ...fields(
      commands.map(({ name, args, summary }) => [`  ${[name, ...args].join(' ')}`, summary]),
      width,
    ),
    '',
    'Every command takes --json and --help. Settings:',
    ...fields(ENVIRONMENT, width),
    '',
    'Exit codes: 0 ok, 1 failed or refused, 2 usage, 3 not reachable,',
    '  4 not authorised, 5 not found, 6 not in time, 130 interrupted',
  ];
}

/** What `slipway COMMAND --help` says. */
export function helpOf({ name, args, summary, options, examples }: Command, width: number): string[] {
  const rows = Object.entries({ ...options, ...COMMON }).map(
    ([option, about]) => [flag(option, about), saying(about)] as const,
  );
  return [
    `slipway ${[name, ...args].join(' ')} [options]`,
    '',
    ...wrapped(`${summary}.`, width),
    '',
    'Options:',
    ...fields(rows, width),
    ...(examples.length === 0 ? [] : ['', 'Examples:', ...examples.map((example) => `  ${example}`)]),
  ];
}

const flag = (name: string, { type, value, short }: Option): string =>
  `  ${short === undefined ? '' : `-${short}, `}--${name}${type === 'string' ? ` ${value ?? name.toUpperCase()}` : ''}`;

function saying({ help, multiple, choices }: Option): string {
  const more = [
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(multiple === true ? ['may be repeated'] : []),
  ];
  return more.length === 0 ? help : `${help} (${more.join('; ')})`;
}
