import { FUNCTION_NAMES } from '../eventarc/routes.ts';
import { variablesOf } from './generate/functions.ts';

const BEGIN = '<!-- npm run generate: what functions/start/config.ts says -->';
const END = '<!-- end -->';

/** A page with the table of variables between its two marks made anew. @throws Error where it has no marks */
export function withEnvironmentTable(page: string): string {
  const [before, rest = ''] = page.split(BEGIN);
  const [, after] = rest.split(END);
  if (after === undefined) throw new Error(`there is no place for the table: it goes between ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n\n${environmentTable()}\n\n${END}${after}`;
}

/** What a deployment sets for each function; those in the place of Google's own addresses are for tests. */
function environmentTable(): string {
  const all = FUNCTION_NAMES.map(variablesOf);
  const variables = [...new Set(all.flatMap((variables) => Object.keys(variables)))];
  const rows = variables.map((variable) => {
    const schema = all.find((variables) => variable in variables)?.[variable];
    return [
      `\`${variable}\``,
      schema?.description ?? '',
      ...all.map((variables) => (variable in variables ? 'x' : '')),
    ];
  });
  const heading = ['variable', 'meaning', ...FUNCTION_NAMES];
  return [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
