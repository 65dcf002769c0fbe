import { Explanation, JobEventList, ListLogsQuery, LogPage } from '../../../domain/contract/follow.ts';
import { JobId } from '../../../domain/contract/job.ts';
import type { ApiRoute } from '../route.ts';
import { getEvents } from './events.ts';
import { getExplanation } from './explain.ts';
import { getLogs } from './logs.ts';

const ID = { id: { description: 'the id of a job', schema: JobId } };

const EVENTS = [
  'Each event has `id: <version>`, `event: job.<state>` and in `data` what an item of the JSON list has.',
  'The newest progress comes as `event: progress` without an id: `{attempt, fraction, message, at}`.',
  'The stream ends with the event of the job’s end, or after a while: ask again with `Last-Event-ID`.',
].join(' ');

/** The operations that tell how one job goes on: rows of `API_ROUTES`. */
export const FOLLOW_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/v1/jobs/{id}/logs',
    operation: 'listLogs',
    scope: 'read',
    showsJob: true,
    summary: 'Read the log of an attempt, while it runs or later',
    params: ID,
    query: ListLogsQuery,
    headers: [
      {
        name: 'Prefer',
        description:
          '`wait=N` holds an empty page until there are lines or the attempt is over, N seconds (1 to 60) at most.',
        schema: { type: 'string', examples: ['wait=30'] },
      },
    ],
    answers: [
      {
        status: 200,
        description: 'One page, in the order in which the worker sent the lines.',
        schema: LogPage,
        headers: [
          { name: 'Preference-Applied', description: 'The `wait=N` that was honoured.', schema: { type: 'string' } },
        ],
      },
    ],
    problems: ['not_found', 'gone'],
    handle: getLogs,
  },
  {
    method: 'GET',
    path: '/v1/jobs/{id}/events',
    operation: 'followJob',
    scope: 'read',
    showsJob: true,
    summary: 'Follow a job by server-sent events',
    params: ID,
    headers: [
      {
        name: 'Last-Event-ID',
        description: 'The version of the last event that you have; those behind it are sent.',
        schema: { type: 'integer', minimum: 0 },
      },
    ],
    answers: [
      {
        status: 200,
        description:
          'The events behind `Last-Event-ID`, or all of them: as a list to a client that accepts `application/json` and no stream.',
        schema: JobEventList,
        events: EVENTS,
        headers: [{ name: 'Vary', description: '`accept`', schema: { type: 'string' } }],
      },
      {
        status: 204,
        description: 'The job has ended, and `Last-Event-ID` is its last: do not ask again.',
        schema: null,
      },
    ],
    problems: ['not_found', 'gone'],
    handle: getEvents,
  },
  {
    method: 'GET',
    path: '/v1/jobs/{id}/explain',
    operation: 'explainJob',
    scope: 'read',
    showsJob: true,
    summary: 'Read in plain sentences why a job is where it is',
    params: ID,
    answers: [{ status: 200, description: 'The sentences, and the time spent in each state.', schema: Explanation }],
    problems: ['not_found', 'gone'],
    handle: getExplanation,
  },
];
