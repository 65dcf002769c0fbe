import { HealthResource } from '../../domain/contract/health.ts';
import { getHealth } from './health.ts';
import type { ApiRoute } from './route.ts';

const HEALTH_HEADERS = [
  { name: 'Cache-Control', description: '`no-store`', schema: { type: 'string', const: 'no-store' } },
] as const;

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
        headers: HEALTH_HEADERS,
      },
      { status: 503, description: 'It does not work.', schema: HealthResource, headers: HEALTH_HEADERS },
    ],
    problems: [],
    handle: getHealth,
  },
];
