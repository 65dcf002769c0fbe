import type { ModelResource } from '../../domain/contract/http.ts';
import { EXIT } from './exit.ts';
import { command, type Context } from './spec.ts';
import { fields, table } from './text.ts';

export const models = command({
  name: 'models',
  args: ['[NAME]'],
  summary: 'List the models, or show one and what it takes',
  options: {},
  examples: ['slipway models', 'slipway models slide-text'],
  run: async (context, [name]) => {
    const { signal } = context.io;
    if (name === undefined) {
      const items = await context.client().listModels({ signal });
      context.print(modelTable(context, items));
      context.json({ items });
    } else {
      const model = await context.client().getModel(name, { signal });
      context.print(modelLines(context, model));
      context.json(model);
    }
    return EXIT.ok;
  },
});

const programsOf = ({ missing }: ModelResource): string => `needs ${missing.map(({ program }) => program).join(', ')}`;

function modelTable({ width, paint }: Context, items: readonly ModelResource[]): string[] {
  const rows = items.map((model) => [model.name, model.available ? 'available' : programsOf(model), model.title]);
  return table(
    [{ head: 'NAME' }, { head: 'HERE', gives: true }, { head: 'TITLE', gives: true }],
    rows,
    width,
    (cell, row, column) => (column === 1 ? paint(items[row]?.available === true ? 'green' : 'yellow', cell) : cell),
  );
}

function modelLines({ width, paint }: Context, model: ModelResource): string[] {
  const rows: [string, string][] = [
    ['model', model.name],
    ['title', model.title],
    ['about', model.description],
    ['here', model.available ? 'available' : programsOf(model)],
    ...model.missing.map(({ program, install }): [string, string] => [`${program}:`, install]),
  ];
  return [
    ...fields(rows, width),
    '',
    'Input (* is needed):',
    ...inputRows(model.input, width).map((line, i) => (i === 0 ? paint('bold', line) : line)),
  ];
}

/** The fields of an input's JSON Schema, one level deep: the whole of it is in --json. */
function inputRows(schema: ModelResource['input'], width: number): string[] {
  const needed = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  const rows = Object.entries(properties).map(([name, about]) => {
    const { type, description, enum: choices } = about;
    const kind = Array.isArray(choices)
      ? choices.map(String).join('|')
      : ([type ?? 'any'].flat() as string[]).join('|');
    return [`${name}${needed.includes(name) ? '*' : ''}`, kind, typeof description === 'string' ? description : ''];
  });
  return table([{ head: 'FIELD' }, { head: 'TYPE', gives: true }, { head: 'MEANING', gives: true }], rows, width);
}
