import { z } from 'zod';
import { HealthResource } from '../../domain/contract/health.ts';
import { getOpenApi } from './get-openapi.ts';
import { getHealth } from './health.ts';
import type { ApiRoute, HeaderDoc } from './route.ts';

const DOCUMENT_HEADERS: readonly HeaderDoc[] = [
  { name: 'ETag', description: 'Changes with the description.', schema: { type: 'string' } },
  { name: 'Cache-Control', description: 'It may be kept for five minutes.', schema: { type: 'string' } },
];

/** What Slipway says of itself, to anyone. */
export const ABOUT_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/v1/health',
    operation: 'getHealth',
    scope: null,
    summary: 'Ask whether Slipway works',
    answers: [
      {
        status: 200,
        description: 'It works, or most of it. What it stands on is told with a key of scope `read`.',
        schema: HealthResource,
      },
      { status: 503, description: 'It does not work.', schema: HealthResource },
    ],
    problems: [],
    handle: getHealth,
  },
  {
    method: 'GET',
    path: '/openapi.json',
    operation: 'getOpenApi',
    scope: null,
    summary: 'Read this description',
    headers: [
      {
        name: 'If-None-Match',
        description: 'The `ETag` of the one that you have.',
        schema: { type: 'string' },
      },
    ],
    answers: [
      {
        status: 200,
        description: 'The OpenAPI 3.1 description of this interface.',
        schema: z.looseObject({ openapi: z.string(), info: z.looseObject({ version: z.string() }) }),
        headers: DOCUMENT_HEADERS,
      },
      { status: 304, description: 'You have it.', schema: null, headers: DOCUMENT_HEADERS },
    ],
    problems: [],
    handle: getOpenApi,
  },
];
