import type { HealthResource } from '../../domain/contract/health.ts';
import type { ModelResource } from '../../domain/contract/http.ts';
import type { Scope } from '../../domain/contract/tenant.ts';
import type { SlipwayClient } from '../client.ts';
import { SlipwayError } from '../errors.ts';
import { fail, healthChecks, ok, warn, type Check } from './checks.ts';
import { EXIT, exitOf, isElsewhere, type Exit } from './exit.ts';
import { isLoopback } from './explained.ts';
import type { Io } from './io.ts';
import { command } from './spec.ts';
import { urlOf } from './settings.ts';
import { wrapped } from './text.ts';

const NEEDED_NODE = 24;
/** No job has it, so that asking to cancel it tells what the key may do, and does nothing. */
const NO_JOB = '0'.repeat(26);
const MARK = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;
const COLOUR = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

export const doctor = command({
  name: 'doctor',
  args: [],
  summary: 'Say what is there, what is missing, and what installs it',
  options: {},
  examples: ['slipway doctor'],
  run: async (context) => {
    const { io, paint, width } = context;
    const { checks, exit } = await examine(io, () => context.client());
    const indent = '      ';
    context.print(
      checks.flatMap(({ name, state, detail, remedy }) => [
        ...wrapped(`${name}: ${detail}`, width - indent.length).map((line, i) =>
          i === 0 ? `${paint(COLOUR[state], MARK[state])}  ${line}` : `${indent}${line}`,
        ),
        ...remedy.flatMap((line) => wrapped(line, width - indent.length - 2)).map((line) => `${indent}  ${line}`),
      ]),
    );
    context.json({ ok: exit === EXIT.ok, checks });
    return exit;
  },
});

async function examine(io: Io, client: () => SlipwayClient): Promise<{ checks: Check[]; exit: Exit }> {
  const checks: Check[] = [nodeCheck(io.nodeVersion)];
  let exit: Exit = checks[0]?.state === 'fail' ? EXIT.failed : EXIT.ok;
  try {
    const server = await serverChecks(io, client());
    checks.push(...server.checks);
    exit = server.exit === EXIT.ok ? exit : server.exit;
  } catch (error) {
    // Of the settings: without them there is nobody to ask.
    if (!(error instanceof Error) || error.name !== 'UsageError') throw error;
    const { hint } = error as Error & { hint: string | null };
    checks.push(fail('settings', error.message, hint === null ? [] : [hint]));
    exit = EXIT.usage;
  }
  const missing = await io.missingForEmulators();
  checks.push(
    missing === null
      ? ok('emulators', "Google's can be started here: npm run start:emulators")
      : {
          name: 'emulators',
          state: 'warn',
          detail: "of Google's, needed for npm run start:emulators alone",
          remedy: missing.split('\n'),
        },
  );
  return { checks, exit };
}

function nodeCheck(version: string): Check {
  return Number(version.split('.')[0]) >= NEEDED_NODE
    ? ok('node', version)
    : fail('node', `${version}, where ${NEEDED_NODE} is needed`, ['npm ci puts it into node_modules/.bin (Linux)']);
}

async function serverChecks(io: Io, client: SlipwayClient): Promise<{ checks: Check[]; exit: Exit }> {
  const url = urlOf(io);
  const [health, models, tenants, cancel] = await Promise.all([
    outcome(client.getHealth({ signal: io.signal })),
    outcome(client.listModels({ signal: io.signal })),
    outcome(first(client.listTenants({ limit: 1, signal: io.signal }))),
    outcome(client.cancelJob(NO_JOB, { signal: io.signal })),
  ]);
  const error = models instanceof SlipwayError ? models : null;
  if (error !== null && exitOf(error) === EXIT.unreachable) {
    const remedy = isLoopback(url)
      ? ['npm start starts one here; SLIPWAY_URL says where another is']
      : [`SLIPWAY_URL says where Slipway is; it is ${url}`];
    return { checks: [fail('server', error.detail, remedy)], exit: EXIT.unreachable };
  }
  const checks = [isInTheClear(url) ? clearText(url) : ok('server', `${url} answers`)];
  // An older Slipway has none.
  if (!(health instanceof SlipwayError)) checks.push(...healthChecks(health as HealthResource));
  if (error?.status === 401) {
    const remedy = ['npm start prints one; an admin makes one: slipway keys make TENANT NAME'];
    return { checks: [...checks, fail('key', error.detail, remedy)], exit: EXIT.unauthorised };
  }
  // Seen is what was done, or not done for want of the job that is none; of what broke on the way nothing is known.
  const has = (result: unknown): boolean =>
    !(result instanceof SlipwayError) || (result === cancel && result.status === 404 && !isElsewhere(result));
  const isRefused = (result: unknown): boolean =>
    result instanceof SlipwayError && exitOf(result) === EXIT.unauthorised;
  const asked: [Scope, unknown][] = [
    ['submit', cancel],
    ['read', models],
    ['admin', tenants],
  ];
  const scopes = asked.flatMap(([scope, result]) => (has(result) ? [scope] : []));
  const unknown = asked.flatMap(([scope, result]) =>
    has(result) || isRefused(result)
      ? []
      : [warn('key', `good for ${scope}: not known: ${(result as SlipwayError).detail}`)],
  );
  if (scopes.length === 0 && unknown.length === 0) {
    checks.push(fail('key', error?.detail ?? 'good for nothing', []));
    return { checks, exit: EXIT.unauthorised };
  }
  if (scopes.length > 0) checks.push(ok('key', `good for ${scopes.join(', ')}`));
  checks.push(...unknown);
  if (Array.isArray(models)) checks.push(...(models as ModelResource[]).map(modelCheck));
  else if (error !== null && error.status !== 403) {
    return { checks: [...checks, fail('models', error.detail, [])], exit: exitOf(error) };
  }
  return { checks, exit: checks.some(({ state }) => state === 'fail') ? EXIT.failed : EXIT.ok };
}

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => {
    if (error instanceof SlipwayError) return error;
    throw error;
  });

async function first(list: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of list) return item;
  return null;
}

const isInTheClear = (url: string): boolean => new URL(url).protocol === 'http:' && !isLoopback(url);

const clearText = (url: string): Check => ({
  name: 'server',
  state: 'warn',
  detail: `${url} answers, but your key goes there without encryption`,
  remedy: ['use https'],
});

function modelCheck({ name, available, missing }: ModelResource): Check {
  if (available) return ok(`model ${name}`, 'available');
  const programs = missing.map(({ program }) => program).join(', ');
  return {
    name: `model ${name}`,
    state: 'warn',
    detail: `needs ${programs}`,
    remedy: missing.map(({ install }) => install),
  };
}
