import { z } from 'zod';
import { ListLogsQuery, type LogPage } from '../../../domain/contract/follow.ts';
import type { Job, LogChunk } from '../../../domain/contract/job.ts';
import { RequestError } from '../../../domain/errors.ts';
import { refs, type Cursor } from '../../../domain/ports.ts';
import { isHeld, isTerminal } from '../../../domain/state.ts';
import type { ApiDeps, Deps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { parameterError, parseQuery } from '../../http/parse.ts';
import { pagesOf } from '../../steps/pages.ts';
import { ownJob } from '../own-job.ts';
import type { Call } from '../route.ts';
import { readUntil, waitSecondsOf } from '../wait.ts';

/** Chunks of 32 KiB that are read together, and reads for one answer: it stays below 1 MiB of text. */
const CHUNKS_A_READ = 8;
const READS = 4;

/** A place in the log of an attempt: the chunk and line to go on with. A cursor is one, as JSON in base64url. */
const Place = z.tuple([z.int().min(1), z.int().min(0), z.int().min(0)]);
type Place = z.infer<typeof Place>;

/**
 * `GET /v1/jobs/{id}/logs`: a page of an attempt's lines. `Prefer: wait=N` holds it while there is none, until one comes or
 * the attempt is over.
 * @throws RequestError not_found, also for an attempt that there was not; gone, invalid_request
 */
export async function getLogs(deps: ApiDeps, call: Call): Promise<Answer> {
  const waitSeconds = waitSecondsOf(call.headers);
  const query = parseQuery(ListLogsQuery, call.query);
  const { data: job } = await ownJob(deps, call);
  const from = placeOf(job, query);
  if (waitSeconds === 0) return { status: 200, body: await pageFrom(deps, job, from, query.limit) };
  const [attempt, seq] = from;
  const page = await readUntil(
    deps,
    // The chunk that comes next by its number, rather than all chunks: on Firestore a watch costs a read for each match. The
    // job's own document tells of the end.
    { targets: [refs.job(job.id), refs.log(job.id, attempt, seq)], seconds: waitSeconds, gone: call.gone },
    async () => pageFrom(deps, (await ownJob(deps, call)).data, from, query.limit),
    ({ items, complete }) => items.length > 0 || complete,
  );
  return { status: 200, headers: { 'preference-applied': `wait=${waitSeconds}` }, body: page };
}

function placeOf(job: Job, { attempt, cursor }: z.infer<typeof ListLogsQuery>): Place {
  const place: Place = cursor === undefined ? [attempt ?? Math.max(1, job.attempt), 0, 0] : decodePlace(cursor);
  if (attempt !== undefined && attempt !== place[0]) throw parameterError('attempt', 'is not the one of the cursor');
  // The next attempt of a job that may have one can be waited for.
  if (place[0] > Math.max(1, isTerminal(job.state) ? job.attempt : job.attempt + 1)) {
    throw new RequestError('not_found', `Job ${job.id} has had no attempt ${place[0]}.`);
  }
  return place;
}

const encodePlace = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function decodePlace(text: string): Place {
  try {
    return Place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw parameterError('cursor', 'is not one that a log gave as "next"');
  }
}

/** Once an attempt is over its worker's reports are refused. */
const isOver = (job: Job, attempt: number): boolean =>
  isTerminal(job.state) || attempt < job.attempt || (attempt === job.attempt && !isHeld(job.state));

/** @param job as it was read before its log is: what it says of the end then goes for all that is found */
async function pageFrom(deps: Pick<Deps, 'store'>, job: Job, from: Place, limit: number): Promise<LogPage> {
  const [attempt] = from;
  const { chunks, isRest } = await chunksFrom(deps, job.id, from, limit);
  const items: LogPage['items'] = [];
  let place = from;
  let isAll = isRest;
  for (const { seq, lines } of chunks) {
    const begin = seq === from[1] ? from[2] : 0;
    const end = Math.min(lines.length, begin + limit - items.length);
    for (const [i, { stream, text, atMs }] of lines.slice(begin, end).entries()) {
      items.push({ attempt, seq, line: begin + i, stream, text, at: new Date(atMs).toISOString() });
    }
    const isCut = end < lines.length;
    place = isCut ? [attempt, seq, end] : [attempt, seq + 1, 0];
    if (items.length < limit) continue;
    isAll &&= !isCut && seq === chunks.at(-1)?.seq;
    break;
  }
  const complete = isOver(job, attempt);
  return { attempt, items, next: complete && isAll ? null : encodePlace(place), complete };
}

/** The chunks that `limit` lines from a place on lie in, as far as one answer holds them, and whether they are all there are. */
async function chunksFrom(
  { store }: Pick<Deps, 'store'>,
  jobId: string,
  [attempt, seq, line]: Place,
  limit: number,
): Promise<{ readonly chunks: readonly LogChunk[]; readonly isRest: boolean }> {
  const after: Cursor | null = seq === 0 ? null : [seq - 1, refs.log(jobId, attempt, seq - 1).path];
  const pages = pagesOf((options) => store.query('logsOfJob', { jobId, attempt }, options), CHUNKS_A_READ, after);
  const chunks: LogChunk[] = [];
  let missing = limit + line;
  let reads = 0;
  for await (const { items, next } of pages) {
    chunks.push(...items.map(({ data }) => data));
    missing -= items.reduce((sum, { data }) => sum + data.lines.length, 0);
    reads += 1;
    if (next === null) return { chunks, isRest: true };
    if (missing <= 0 || reads === READS) break;
  }
  return { chunks, isRest: false };
}
