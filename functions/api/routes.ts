import {
  CreateJobRequest,
  FirebaseToken,
  JobList,
  JobResource,
  ListJobsQuery,
  ModelList,
  ModelResource,
} from '../../domain/contract/http.ts';
import { JobId } from '../../domain/contract/job.ts';
import { z } from 'zod';
import { createJob } from './create-job.ts';
import { getJob, listJobs, postCancel } from './jobs.ts';
import { getModel, listModels } from './models.ts';
import type { ApiRoute, HeaderDoc } from './route.ts';
import { postFirebaseToken } from './tokens.ts';

const PREFER: HeaderDoc = {
  name: 'Prefer',
  description: '`wait=N` holds the answer until the job has ended, N seconds (1 to 60) at most.',
  schema: { type: 'string', examples: ['wait=30'] },
};
const IDEMPOTENCY_KEY: HeaderDoc = {
  name: 'Idempotency-Key',
  description: 'Makes the request safe to repeat: 1 to 255 visible ASCII characters of your choice, one for each job.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};
const PREFERENCE_APPLIED: HeaderDoc = {
  name: 'Preference-Applied',
  description: 'The `wait=N` that was honoured.',
  schema: { type: 'string' },
};
const LOCATION: HeaderDoc = {
  name: 'Location',
  description: 'The address of the job.',
  schema: { type: 'string', format: 'uri-reference' },
};
const REPLAYED: HeaderDoc = {
  name: 'Idempotent-Replayed',
  description: '`true`: this key and body made the job before.',
  schema: { type: 'string', const: 'true' },
};
const ID = { id: { description: 'the id of a job', schema: JobId } };

/** Every operation of `/v1`: ONE table, which the guard matches, the handlers answer and openapi.json is generated from. */
export const API_ROUTES: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/v1/jobs',
    operation: 'createJob',
    summary: 'Submit a job',
    headers: [IDEMPOTENCY_KEY, PREFER],
    body: CreateJobRequest,
    answers: [
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
    ],
    problems: [
      'invalid_json',
      'length_required',
      'body_too_large',
      'unsupported_media_type',
      'invalid_input',
      'unknown_model',
      'unknown_dependency',
      'idempotency_key_reused',
      'webhook_refused',
      'model_unavailable',
    ],
    handle: createJob,
  },
  {
    method: 'GET',
    path: '/v1/jobs',
    operation: 'listJobs',
    summary: 'List your jobs, newest first',
    query: ListJobsQuery,
    answers: [{ status: 200, description: 'One page.', schema: JobList }],
    problems: [],
    handle: listJobs,
  },
  {
    method: 'GET',
    path: '/v1/jobs/{id}',
    operation: 'getJob',
    summary: 'Read a job',
    params: ID,
    headers: [PREFER],
    answers: [{ status: 200, description: 'The job.', schema: JobResource, headers: [PREFERENCE_APPLIED] }],
    problems: ['not_found'],
    handle: getJob,
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/cancel',
    operation: 'cancelJob',
    summary: 'Cancel a job',
    params: ID,
    answers: [
      { status: 200, description: 'The job: canceled, or canceling while its worker stops.', schema: JobResource },
    ],
    problems: ['not_found', 'job_already_ended'],
    handle: postCancel,
  },
  {
    method: 'GET',
    path: '/v1/models',
    operation: 'listModels',
    summary: 'List the models',
    answers: [{ status: 200, description: 'Every model of this deployment.', schema: ModelList }],
    problems: [],
    handle: listModels,
  },
  {
    method: 'GET',
    path: '/v1/models/{name}',
    operation: 'getModel',
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
];
