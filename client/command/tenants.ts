import type { TenantLimits } from '../../domain/contract/tenant.ts';
import type { TenantResource } from '../../domain/contract/tenant-api.ts';
import { EXIT, UsageError } from './exit.ts';
import { numberOf } from './settings.ts';
import { command, type Context } from './spec.ts';
import { fields, table } from './text.ts';

/** What stands for no limit, and for no accounts. */
const NONE = 'none';

export const listTenants = command({
  name: 'tenants list',
  args: [],
  summary: 'List the tenants (a key of scope admin)',
  options: {},
  examples: ['slipway tenants list'],
  run: async (context) => {
    const items: TenantResource[] = [];
    for await (const tenant of context.client().listTenants({ signal: context.io.signal })) items.push(tenant);
    const rows = items.map(({ id, title, createdAt, accounts, limits: { running, queued } }) => [
      id,
      title,
      createdAt.slice(0, 10),
      String(running ?? NONE),
      String(queued ?? NONE),
      accounts.join(' '),
    ]);
    const heads = [
      { head: 'ID', gives: true },
      { head: 'TITLE', gives: true },
      { head: 'CREATED' },
      { head: 'RUNNING' },
      { head: 'QUEUED' },
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
  summary: 'Make a tenant, or change of it what is given',
  options: {
    title: { type: 'string', value: 'TEXT', help: 'what people call it; needed for a new one' },
    account: {
      type: 'string',
      multiple: true,
      value: 'EMAIL',
      help: 'a Google account that needs no key: all of them, or none',
    },
    running: { type: 'string', value: 'N', help: 'how many of its jobs may run at once, or none for no limit' },
    queued: { type: 'string', value: 'N', help: 'how many of its jobs may wait, or none for no limit' },
  },
  examples: ['slipway tenants put lab --title "The lab"', 'slipway tenants put lab --running 4 --queued none'],
  run: async (context, [id = ''], { title, account, running, queued }) => {
    if ([title, running, queued].every((value) => value === undefined) && account.length === 0) {
      throw new UsageError('"slipway tenants put" needs --title for a new tenant, or what to change of one.');
    }
    const limits = { ...limitOf('running', running, 1_000), ...limitOf('queued', queued, 10_000) };
    const request = {
      ...(title === undefined ? {} : { title }),
      ...(account.length === 0 ? {} : { accounts: account.join() === NONE ? [] : [...account] }),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    };
    return show(context, await context.client().putTenant(id, request, { signal: context.io.signal }));
  },
});

/** @throws UsageError */
function limitOf(option: 'running' | 'queued', text: string | undefined, most: number): Partial<TenantLimits> {
  if (text === undefined) return {};
  return { [option]: text === NONE ? null : numberOf(option, text, 1, most, ` or ${NONE}`) };
}

function show(context: Context, tenant: TenantResource): typeof EXIT.ok {
  const { id, title, accounts, limits, createdAt } = tenant;
  const rows: [string, string][] = [
    ['tenant', id],
    ['title', title],
    ['accounts', accounts.length === 0 ? NONE : accounts.join(' ')],
    ['running', String(limits.running ?? NONE)],
    ['queued', String(limits.queued ?? NONE)],
    ['created', createdAt],
  ];
  context.print(fields(rows, context.width));
  context.json(tenant);
  return EXIT.ok;
}
