import { CanceledJob, CancelJobRequest } from '../../domain/contract/cancel.ts';
import {
  CreateJobRequest,
  FirebaseToken,
  JobList,
  JobResource,
  JobToken,
  ListJobsQuery,
  ModelList,
  ModelResource,
  RetryJobRequest,
} from '../../domain/contract/http.ts';
import { JobPlanResource } from '../../domain/contract/plan.ts';
import { JobId } from '../../domain/contract/job.ts';
import { ListRejectionsQuery, RejectionList } from '../../domain/contract/rejection.ts';
import type { ProblemCode } from '../../domain/errors.ts';
import { z } from 'zod';
import { ABOUT_ROUTES } from './about-routes.ts';
import { createJob } from './create-job.ts';
import { FILE_ROUTES } from './files/file-routes.ts';
import { FOLLOW_ROUTES } from './follow/follow-routes.ts';
import { getJob, postCancel } from './jobs.ts';
import { TENANT_ROUTES } from './keys/tenant-routes.ts';
import { keyedHeaders } from './keyed-headers.ts';
import { listJobs } from './list-jobs.ts';
import { getModel, listModels } from './models.ts';
import { listRejections } from './rejections.ts';
import { BODY_PROBLEMS, type AnswerDoc, type ApiRoute, type HeaderDoc } from './route.ts';
import { retryJob } from './retry-job.ts';
import { postFirebaseToken, postReadToken } from './tokens.ts';
import { tryJob } from './try-job.ts';

const PREFER: HeaderDoc = {
  name: 'Prefer',
  description: '`wait=N` holds the answer until the job has ended, N seconds (1 to 60) at most.',
  schema: { type: 'string', examples: ['wait=30'] },
};
const PREFERENCE_APPLIED: HeaderDoc = {
  name: 'Preference-Applied',
  description: 'The `wait=N` that was honoured.',
  schema: { type: 'string' },
};
const { key: IDEMPOTENCY_KEY, location: LOCATION, replayed: REPLAYED } = keyedHeaders('job');
const ID = { id: { description: 'the id of a job', schema: JobId } };

const A_JOB = { model: 'ligand-properties', input: { smiles: 'CCO' }, labels: ['deck:7'] };

const SUBMITTED: readonly AnswerDoc[] = [
  {
    status: 201,
    description: 'The job is stored and will run.',
    schema: JobResource,
    headers: [LOCATION, PREFERENCE_APPLIED],
  },
  {
    status: 200,
    description: 'The job that this key and body made before, as it is now.',
    schema: JobResource,
    headers: [LOCATION, REPLAYED, PREFERENCE_APPLIED],
  },
];
const DRY_RUN_PROBLEMS: readonly ProblemCode[] = [
  ...BODY_PROBLEMS,
  'invalid_input',
  'unknown_model',
  'unknown_dependency',
  'webhook_refused',
  'model_unavailable',
  'too_many_jobs',
];
const SUBMISSION_PROBLEMS: readonly ProblemCode[] = [...DRY_RUN_PROBLEMS, 'idempotency_key_reused', 'gone'];

/** Every operation of `/v1`: ONE table, which the guard matches, the handlers answer and openapi.json is generated from. */
export const API_ROUTES: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/v1/jobs',
    operation: 'createJob',
    scope: 'submit',
    summary: 'Submit a job',
    headers: [IDEMPOTENCY_KEY, PREFER],
    body: CreateJobRequest,
    bodyExample: A_JOB,
    answers: SUBMITTED,
    problems: SUBMISSION_PROBLEMS,
    handle: createJob,
  },
  {
    method: 'POST',
    path: '/v1/jobs:plan',
    operation: 'planJob',
    scope: 'submit',
    summary: 'Try a submission without making it',
    body: CreateJobRequest,
    bodyExample: A_JOB,
    answers: [{ status: 200, description: 'What would become of the job.', schema: JobPlanResource }],
    problems: DRY_RUN_PROBLEMS,
    handle: tryJob,
  },
  {
    method: 'GET',
    path: '/v1/jobs',
    operation: 'listJobs',
    scope: 'read',
    summary: 'List your jobs, newest first',
    query: ListJobsQuery,
    answers: [{ status: 200, description: 'One page; it may be empty though `next` led to it.', schema: JobList }],
    problems: [],
    handle: listJobs,
  },
  {
    method: 'GET',
    path: '/v1/jobs/{id}',
    operation: 'getJob',
    scope: 'read',
    showsJob: true,
    summary: 'Read a job',
    params: ID,
    headers: [PREFER],
    answers: [{ status: 200, description: 'The job.', schema: JobResource, headers: [PREFERENCE_APPLIED] }],
    problems: ['not_found', 'gone', 'too_many_streams'],
    handle: getJob,
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/cancel',
    operation: 'cancelJob',
    scope: 'submit',
    summary: 'Cancel a job',
    params: ID,
    body: CancelJobRequest,
    bodyExample: { dependants: 'cancel' },
    isBodyOptional: true,
    answers: [
      { status: 200, description: 'The job: canceled, or canceling while its worker stops.', schema: CanceledJob },
    ],
    problems: [...BODY_PROBLEMS, 'invalid_input', 'not_found', 'gone', 'job_already_ended'],
    handle: postCancel,
  },
  ...FOLLOW_ROUTES,
  {
    method: 'POST',
    path: '/v1/jobs/{id}/tokens',
    operation: 'createJobToken',
    scope: 'read',
    summary: 'Get a token that shows this job',
    params: ID,
    answers: [{ status: 201, description: 'A token for a browser: it shows this job for an hour.', schema: JobToken }],
    problems: ['not_found', 'gone'],
    handle: postReadToken,
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/retry',
    operation: 'retryJob',
    scope: 'submit',
    summary: 'Do an ended job again, as a new one',
    params: ID,
    headers: [IDEMPOTENCY_KEY, PREFER],
    body: RetryJobRequest,
    bodyExample: { priority: 'high' },
    isBodyOptional: true,
    answers: SUBMITTED,
    problems: [...SUBMISSION_PROBLEMS, 'not_found', 'job_not_ended'],
    handle: retryJob,
  },
  ...FILE_ROUTES,
  {
    method: 'GET',
    path: '/v1/rejections',
    operation: 'listRejections',
    scope: 'read',
    summary: 'List the messages of your topic that made no job, newest first',
    query: ListRejectionsQuery,
    answers: [{ status: 200, description: 'One page.', schema: RejectionList }],
    problems: [],
    handle: listRejections,
  },
  {
    method: 'GET',
    path: '/v1/models',
    operation: 'listModels',
    scope: 'read',
    summary: 'List the models',
    answers: [{ status: 200, description: 'Every model of this deployment.', schema: ModelList }],
    problems: [],
    handle: listModels,
  },
  {
    method: 'GET',
    path: '/v1/models/{name}',
    operation: 'getModel',
    scope: 'read',
    summary: 'Read a model',
    params: { name: { description: 'the name of a model', schema: z.string() } },
    answers: [
      { status: 200, description: 'The model, with the schemas of its input and output.', schema: ModelResource },
    ],
    problems: ['not_found'],
    handle: getModel,
  },
  {
    method: 'POST',
    path: '/v1/tokens/firebase',
    operation: 'createFirebaseToken',
    scope: 'read',
    summary: 'Get a token to listen with',
    answers: [
      {
        status: 200,
        description: 'A custom token with which a Firebase SDK listens to your jobs, batches and their events.',
        schema: FirebaseToken,
      },
    ],
    problems: ['no_listeners'],
    handle: postFirebaseToken,
  },
  ...TENANT_ROUTES,
  ...ABOUT_ROUTES,
];
