import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { answerTo } from './deploy/answer.ts';
import { systemCommands } from './deploy/commands.ts';
import { deploy, takeAway } from './deploy/deploy.ts';
import { readEnvironment } from './deploy/environment.ts';
import { DeployError, Interrupted, UsageError } from './deploy/errors.ts';

const USAGE = `npm run deploy -- --env NAME [--yes [--allow-destroy]] [--plan-only] [--build-globally] [--destroy]

  --env NAME        an environment: a folder of terraform/envs
  --yes             applies without asking, as in CI
  --allow-destroy   with --yes: even where something would go that is not made anew,
                    or a pool's job, the database, a bucket or a topic
  --plan-only       ends after the plan
  --build-globally  builds images in Cloud Build's global pool, which may be anywhere,
                    and not in the home region
  --destroy         takes the environment away
docs/deploy.md tells of all of it.`;

const EXIT = { failed: 1, usage: 2 } as const;
const ROOT = join(import.meta.dirname, '..');
const say = (line: string): void => console.log(line);

process.exitCode = await main();

async function main(): Promise<number> {
  const ended = new AbortController();
  // Output is read in words that do not change with the person's language; nothing may wait for an answer but us.
  const env = { ...process.env, CLOUDSDK_CORE_DISABLE_PROMPTS: '1', TF_IN_AUTOMATION: '1', LC_ALL: 'C.UTF-8' };
  const commands = systemCommands({ cwd: ROOT, env, say });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      commands.interrupt();
      ended.abort(new Interrupted('Interrupted.'));
    });
  }
  try {
    const asked = flags();
    if (asked === null) {
      say(USAGE);
      return 0;
    }
    const { env: name, yes, planOnly, allowDestroy, buildGlobally } = asked;
    const environment = readEnvironment(ROOT, name, process.env);
    const isAnswered = yes || planOnly;
    if (!isAnswered && !process.stdin.isTTY) {
      throw new UsageError('There is nobody to ask: this is no terminal. Add --yes, or --plan-only.');
    }
    await (asked.destroy ? takeAway : deploy)({
      root: ROOT,
      environment,
      run: commands.run,
      say,
      planOnly,
      allowDestroy,
      buildGlobally,
      ask: isAnswered ? null : (question) => answerTo(question, process.stdin, process.stdout, ended.signal),
      pause: (ms) => delay(ms, undefined, { signal: ended.signal }),
    });
    return 0;
  } catch (error) {
    const told: unknown = ended.signal.aborted && !(error instanceof DeployError) ? ended.signal.reason : error;
    if (!(told instanceof DeployError)) throw error;
    const after = told instanceof Interrupted ? '\nRun the same again: it goes on from there.' : '';
    console.error(`\n${told.message}${after}`);
    return told instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

interface Flags {
  readonly env: string;
  readonly yes: boolean;
  readonly planOnly: boolean;
  readonly allowDestroy: boolean;
  readonly buildGlobally: boolean;
  readonly destroy: boolean;
}

/** Null for who asks for help. */
function flags(): Flags | null {
  const options = {
    env: { type: 'string' },
    yes: { type: 'boolean', default: false },
    'plan-only': { type: 'boolean', default: false },
    'allow-destroy': { type: 'boolean', default: false },
    'build-globally': { type: 'boolean', default: false },
    destroy: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
  if (values.help === true) return null;
  if (values.env === undefined) throw new UsageError(`--env is needed: ${USAGE}`);
  return {
    env: values.env,
    yes: values.yes ?? false,
    planOnly: values['plan-only'] ?? false,
    allowDestroy: values['allow-destroy'] ?? false,
    buildGlobally: values['build-globally'] ?? false,
    destroy: values.destroy ?? false,
  };
}
