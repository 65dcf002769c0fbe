import type { TenantResource } from '../../domain/contract/tenant-api.ts';
import { EXIT, UsageError } from './exit.ts';
import { command, type Context } from './spec.ts';
import { fields, table } from './text.ts';

export const listTenants = command({
  name: 'tenants list',
  args: [],
  summary: 'List the tenants (a key of scope admin)',
  options: {},
  examples: ['slipway tenants list'],
  run: async (context) => {
    const items: TenantResource[] = [];
    for await (const tenant of context.client().listTenants({ signal: context.io.signal })) items.push(tenant);
    const rows = items.map(({ id, title, createdAt, accounts }) => [
      id,
      title,
      createdAt.slice(0, 10),
      accounts.join(' '),
    ]);
    const heads = [
      { head: 'ID', gives: true },
      { head: 'TITLE', gives: true },
      { head: 'CREATED' },
      { head: 'ACCOUNTS', gives: true },
    ];
    context.print(items.length === 0 ? ['No tenants.'] : table(heads, rows, context.width));
    context.json({ items });
    return EXIT.ok;
  },
});

export const getTenant = command({
  name: 'tenants get',
  args: ['ID'],
  summary: 'Show a tenant',
  options: {},
  examples: ['slipway tenants get lab'],
  run: async (context, [id = '']) => show(context, await context.client().getTenant(id, { signal: context.io.signal })),
});

export const putTenant = command({
  name: 'tenants put',
  args: ['ID'],
  summary: 'Make a tenant, or change it to what is given',
  options: {
    title: { type: 'string', value: 'TEXT', help: 'what people call it; needed' },
    account: {
      type: 'string',
      multiple: true,
      value: 'EMAIL',
      help: 'a Google account that needs no key; all of them, each time',
    },
  },
  examples: ['slipway tenants put lab --title "The lab"'],
  run: async (context, [id = ''], { title, account }) => {
    if (title === undefined) throw new UsageError('"slipway tenants put" needs --title.');
    const request = { title, accounts: [...account] };
    return show(context, await context.client().putTenant(id, request, { signal: context.io.signal }));
  },
});

function show(context: Context, tenant: TenantResource): typeof EXIT.ok {
  const { id, title, accounts, createdAt } = tenant;
  const rows: [string, string][] = [
    ['tenant', id],
    ['title', title],
    ['accounts', accounts.length === 0 ? 'none' : accounts.join(' ')],
    ['created', createdAt],
  ];
  context.print(fields(rows, context.width));
  context.json(tenant);
  return EXIT.ok;
}
