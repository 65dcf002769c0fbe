import type { IncomingHttpHeaders } from 'node:http';
import type { Job } from '../../../domain/contract/job.ts';
import { refs } from '../../../domain/ports.ts';
import { isTerminal } from '../../../domain/state.ts';
import type { ApiDeps, Deps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { parameterError } from '../../http/parse.ts';
import type { StreamedAnswer } from '../../http/stream.ts';
import { watchChanges } from '../changes.ts';
import { ownJob } from '../own-job.ts';
import type { Call } from '../route.ts';
import { eventResource, eventsAfter } from './timeline.ts';

/** How soon a client asks again once its stream has ended without the job's end. */
const RETRY_MS = 1_000;

type Needs = Pick<Deps, 'store' | 'clock' | 'settings'>;

/**
 * `GET /v1/jobs/{id}/events`: server-sent events, or those so far as JSON for a client that takes nothing else. 204 where
 * `Last-Event-ID` is the job's end: it tells an EventSource to ask no more.
 * @throws RequestError not_found, gone, invalid_request
 */
export async function getEvents(deps: ApiDeps, call: Call): Promise<Answer | StreamedAnswer> {
  const { data: job } = await ownJob(deps, call);
  const after = lastEventId(call.headers, job);
  if (takesOnlyJson(call.headers)) {
    const events = await eventsAfter(deps, job, after);
    return { status: 200, headers: VARY, body: { items: events.map((event) => eventResource(job, event)) } };
  }
  if (isTerminal(job.state) && after === job.version) return { status: 204 };
  const headers = { 'content-type': 'text/event-stream', ...VARY };
  return { status: 200, headers, stream: follow(deps, job.id, after, call.gone) };
}

const VARY = { vary: 'accept' };

function lastEventId(headers: IncomingHttpHeaders, job: Job): number {
  const text = String(headers['last-event-id'] ?? '') || '0';
  const id = /^\d{1,9}$/.test(text) ? Number(text) : Infinity;
  if (id <= job.version) return id;
  throw parameterError('Last-Event-ID', 'must be the id of an event of this job');
}

/** Whoever takes anything, as `fetch` and curl do unless told otherwise, gets the stream. */
function takesOnlyJson({ accept = '*/*' }: IncomingHttpHeaders): boolean {
  const types = accept.split(',').map((range) => (range.split(';')[0] ?? '').trim().toLowerCase());
  const takes = (...ranges: readonly string[]): boolean => types.some((type) => ranges.includes(type));
  return takes('application/json', 'application/*') && !takes('text/event-stream', 'text/*', '*/*');
}

const frame = (event: string, data: object, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

function progressFrame({ attempt, progress }: Job): string | null {
  if (progress === null) return null;
  const { fraction, message, atMs } = progress;
  return frame('progress', { attempt, fraction, message, at: new Date(atMs).toISOString() });
}

/**
 * The events behind a version, each as it comes, and the newest progress whenever there is another, the first time too. The job
 * alone is watched, since each event is in the commit of its job's move; it is read after each change, its events only
 * where its version says that there are more.
 */
async function* follow({ store, clock, settings }: Needs, jobId: string, after: number, gone: AbortSignal) {
  const endsAtMs = clock.nowMs() + settings.streamMs;
  const changes = watchChanges({ store, clock }, [refs.job(jobId)], gone);
  let seen = after;
  let shown: string | null = null;
  let sentAtMs = 0;
  const sent = (text: string): string => {
    sentAtMs = clock.nowMs();
    return text;
  };
  try {
    yield sent(`retry: ${RETRY_MS}\n\n`);
    for (;;) {
      const job = gone.aborted ? undefined : (await store.get(refs.job(jobId)))?.data;
      if (job === undefined) return;
      const news = progressFrame(job);
      const isNews = news !== null && news !== shown;
      for (const event of await eventsAfter({ store }, job, seen)) {
        // What was reached stands before the end, since nothing stands behind it.
        if (isTerminal(event.to) && isNews) yield news;
        yield sent(frame(`job.${event.to}`, eventResource(job, event), event.seq));
        if (isTerminal(event.to)) return;
        seen = event.seq;
      }
      if (isNews) yield sent((shown = news));
      if (isTerminal(job.state)) return;
      for (;;) {
        if (clock.nowMs() >= endsAtMs) return;
        const quietMs = Math.min(endsAtMs, sentAtMs + settings.keepAliveMs) - clock.nowMs();
        if (await changes.next(Math.max(0, quietMs))) break;
        if (clock.nowMs() < endsAtMs) yield sent(': still here\n\n');
      }
    }
  } finally {
    changes.stop();
  }
}
