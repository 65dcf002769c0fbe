import { Scope } from '../../domain/contract/tenant.ts';
import { EXIT } from './exit.ts';
import { numberOf } from './settings.ts';
import { command } from './spec.ts';
import { isOpen } from './submission.ts';
import { clipped, table, wrapped } from './text.ts';

export const listKeys = command({
  name: 'keys list',
  args: ['TENANT'],
  summary: 'List the keys of a tenant, oldest first',
  options: {},
  examples: ['slipway keys list lab'],
  run: async (context, [tenant = '']) => {
    const items = await context.client().listKeys(tenant, { signal: context.io.signal });
    const rows = items.map(({ id, name, scopes, createdAt, endsAt }) => [
      id,
      name,
      scopes.join(','),
      createdAt.slice(0, 10),
      endsAt?.slice(0, 16) ?? 'never',
    ]);
    const heads = [
      { head: 'ID' },
      { head: 'NAME', gives: true },
      { head: 'SCOPES' },
      { head: 'CREATED' },
      { head: 'ENDS' },
    ];
    context.print(items.length === 0 ? ['No keys.'] : table(heads, rows, context.width));
    context.json({ items });
    return EXIT.ok;
  },
});

export const makeKey = command({
  name: 'keys make',
  args: ['TENANT', 'NAME'],
  summary: 'Make a key, which is shown this once: alone on stdout',
  options: {
    scope: {
      type: 'string',
      multiple: true,
      value: 'SCOPE',
      help: 'what it may do; submit and read unless given',
      choices: Scope.options,
    },
    'ends-in': { type: 'string', value: 'SECONDS', help: 'when it ends; never unless given' },
  },
  examples: ['slipway keys make lab ci --scope submit --scope read'],
  run: async (context, [tenant = '', name = ''], { scope, 'ends-in': endsIn }) => {
    const request = {
      name,
      ...(scope.length === 0 ? {} : { scopes: scope as Scope[] }),
      ...(endsIn === undefined ? {} : { endsInSeconds: numberOf('ends-in', endsIn, 60, 315_360_000) }),
    };
    const made = await context
      .client()
      .createKey(tenant, request, { signal: context.io.signal })
      .catch((error: unknown) => {
        if (isOpen(error)) {
          const says = `A key may have been made that nobody has seen: "slipway keys list ${tenant}" shows it, "slipway keys delete" takes it away.`;
          context.io.stderr(`${wrapped(says, context.width).join('\n')}\n`);
        }
        throw error;
      });
    const about = `${made.id} of ${tenant}, for ${made.scopes.join(' and ')}; ends ${made.endsAt ?? 'never'}`;
    if (!context.isJson) context.io.stderr(`${clipped(about, context.width)}\n`);
    context.print([made.key]);
    context.json(made);
    return EXIT.ok;
  },
});

export const deleteKey = command({
  name: 'keys delete',
  args: ['TENANT', 'KEY'],
  summary: 'Take a key away, by its id',
  options: {},
  examples: ['slipway keys delete lab 0a1b2c3d4e5f'],
  run: async (context, [tenant = '', id = '']) => {
    await context.client().deleteKey(tenant, id, { signal: context.io.signal });
    context.print([
      clipped(`${id} is taken away; an instance that knows it takes it for a minute more.`, context.width),
    ]);
    context.json({ deleted: id });
    return EXIT.ok;
  },
});
