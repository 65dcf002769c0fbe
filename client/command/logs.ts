import type { LogPage } from '../../domain/contract/follow.ts';
import { hasEnded } from '../watch.ts';
import { EXIT } from './exit.ts';
import { numberOf } from './settings.ts';
import { command } from './spec.ts';

/** Lines at a time, and how long an answer without any is held. */
const LINES = 1_000;
const HOLD_SECONDS = 25;
/** How long nobody may be there while it is followed. */
const OUTAGE_SECONDS = 300;

export const logs = command({
  name: 'logs',
  args: ['ID'],
  summary: 'Print the log of a job; with -f also what is still to come',
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on until the job has ended, over all its attempts' },
    attempt: { type: 'string', value: 'N', help: 'of this attempt; of the last one unless given' },
    setup: { type: 'boolean', help: 'what its worker said while it started, and not the run' },
  },
  examples: ['slipway logs ID -f', 'slipway logs ID --setup', 'slipway logs ID --attempt 1 --json'],
  run: async (context, [id = ''], values) => {
    const { io } = context;
    const client = context.client();
    const items: LogPage['items'][number][] = [];
    let attempt = values.attempt === undefined ? undefined : numberOf('attempt', values.attempt, 1, 1_000_000);
    let cursor: string | undefined;
    for (;;) {
      const page = await client.listLogs(id, {
        limit: LINES,
        signal: io.signal,
        ...(cursor === undefined ? {} : { cursor }),
        ...(attempt === undefined || cursor !== undefined ? {} : { attempt }),
        ...(values.setup ? { phase: 'setup' } : {}),
        ...(values.follow ? { waitSeconds: HOLD_SECONDS, outageSeconds: OUTAGE_SECONDS } : {}),
      });
      // As it was printed, but for what would steer the terminal.
      context.print(page.items.map(({ text }) => text.replace(/(?!\t)\p{Cc}|\p{Bidi_Control}/gu, '')));
      if (context.isJson) items.push(...page.items);
      cursor = page.next ?? undefined;
      if (cursor !== undefined && (values.follow || page.items.length > 0)) continue;
      const isFollowed = values.follow && !values.setup;
      const job = isFollowed ? await client.getJob(id, { outageSeconds: OUTAGE_SECONDS, signal: io.signal }) : null;
      // A job may have ended by an attempt whose lines are not read yet.
      if (job === null || (hasEnded(job.state) && page.attempt >= job.attempt)) {
        context.json({ items, complete: page.complete });
        return EXIT.ok;
      }
      attempt = page.attempt + 1;
    }
  },
});
