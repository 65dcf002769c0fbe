import type { JobSummary } from '../../domain/contract/http.ts';
import { JobState } from '../../domain/contract/job.ts';
import { EXIT, UsageError } from './exit.ts';
import { follow, secondsOf, TIMEOUT } from './follow.ts';
import { jobLines, jobTable } from './job-view.ts';
import { COLOUR_OF } from './paint.ts';
import { numberOf } from './settings.ts';
import { command } from './spec.ts';
import { KEY, keyOf, submission } from './submission.ts';

const PAGE = 100;

export const get = command({
  name: 'get',
  args: ['ID'],
  summary: 'Show a job',
  options: { output: { type: 'boolean', help: 'its output alone, as JSON, however large it is' } },
  examples: ['slipway get ID', 'slipway get ID --output > output.json'],
  run: async (context, [id = ''], values) => {
    const { signal } = context.io;
    const job = await context.client().getJob(id, { signal });
    if (values.output) {
      const output = await context.client().outputOf(job, { signal });
      context.print([JSON.stringify(output, null, 2)]);
      context.json(output);
      return EXIT.ok;
    }
    context.print(jobLines(context, job));
    context.json(job);
    return EXIT.ok;
  },
});

export const list = command({
  name: 'list',
  args: [],
  summary: 'List your jobs, newest first',
  options: {
    state: { type: 'string', value: 'STATE', help: 'only those in this state', choices: JobState.options },
    model: { type: 'string', value: 'NAME', help: 'only those of this model' },
    limit: { type: 'string', value: 'N', help: 'how many at most; 20 unless given' },
    all: { type: 'boolean', help: 'all of them' },
    cursor: { type: 'string', value: 'TEXT', help: 'where to go on: "next" of --json' },
  },
  examples: ['slipway list --state failed --model slide-text', 'slipway list --all --json'],
  run: async (context, _, { state, model, limit, all, cursor }) => {
    if (all && limit !== undefined) throw new UsageError('--all and --limit do not go together.');
    const most = all ? Infinity : limit === undefined ? 20 : numberOf('limit', limit, 1, 100_000);
    const items: JobSummary[] = [];
    let next: string | null = cursor ?? null;
    do {
      const listed = context.client().listJobs({
        limit: Math.min(PAGE, most - items.length),
        signal: context.io.signal,
        ...(state === undefined ? {} : { state: state as JobState }),
        ...(model === undefined ? {} : { model }),
        ...(next === null ? {} : { cursor: next }),
      });
      for await (const page of listed.pages()) {
        items.push(...page.items);
        next = page.next;
        // The next page is asked for by how many are still wanted.
        break;
      }
    } while (next !== null && items.length < most);
    const more = next === null ? [] : ['', 'There are more: --all, or --limit N.'];
    const shown = items.length === 0 ? ['No jobs.'] : jobTable(context, items, context.io.clock.nowMs());
    context.print([...shown, ...more]);
    context.json({ items, next });
    return EXIT.ok;
  },
});

export const watch = command({
  name: 'watch',
  args: ['ID'],
  summary: 'Show the progress of a job until it has ended',
  options: { timeout: TIMEOUT },
  examples: ['slipway watch ID --timeout 600'],
  run: async (context, [id = ''], { timeout }) => follow(context, id, secondsOf(timeout, { wait: true })),
});

export const retry = command({
  name: 'retry',
  args: ['ID'],
  summary: 'Do an ended job again, as a new one',
  options: {
    wait: { type: 'boolean', short: 'w', help: 'show its progress until it has ended' },
    timeout: TIMEOUT,
    key: KEY,
  },
  examples: ['slipway retry ID --wait'],
  run: async (context, [id = ''], values) => {
    const seconds = secondsOf(values.timeout, values);
    const key = keyOf(context.io, values.key);
    return submission(context, key, (options) => context.client().retryJob(id, {}, options), {
      wait: values.wait,
      seconds,
    });
  },
});

export const cancel = command({
  name: 'cancel',
  args: ['ID'],
  summary: 'Cancel a job',
  options: {},
  examples: ['slipway cancel ID'],
  run: async (context, [id = '']) => {
    const job = await context.client().cancelJob(id, { signal: context.io.signal });
    context.print([`${job.id}  ${context.paint(COLOUR_OF[job.state], job.state)}`]);
    context.json(job);
    return EXIT.ok;
  },
});
