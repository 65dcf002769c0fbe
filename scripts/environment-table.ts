import type { z } from 'zod';
import { FUNCTION_NAMES } from '../eventarc/routes.ts';
import { CONFIGS } from '../functions/start/config.ts';

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
  const shapes = FUNCTION_NAMES.map((name) => CONFIGS[name].shape as Readonly<Record<string, z.ZodType>>);
  const variables = [...new Set(shapes.flatMap((shape) => Object.keys(shape)))];
  const rows = variables.flatMap((variable) => {
    const schema = shapes.find((shape) => variable in shape)?.[variable];
    if (schema === undefined || isForTests(schema)) return [];
    return [[`\`${variable}\``, schema.description ?? '', ...shapes.map((shape) => (variable in shape ? 'x' : ''))]];
  });
  const heading = ['variable', 'meaning', ...FUNCTION_NAMES];
  return [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What may be left out and has no value then. */
const isForTests = (schema: z.ZodType): boolean =>
  schema.safeParse(undefined).data === undefined && schema.safeParse(undefined).success;
