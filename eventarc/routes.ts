/**
 * Every way into a function: ONE table, read by the code, the local stack and Terraform.
 *
 * - `http`: called over HTTPS; `public` says whether without a service account's token (the api checks keys itself)
 * - `topic`: Eventarc, one CloudEvent a Pub/Sub message
 * - `tenant-topic`: the same for a topic that each tenant may have, `topics` and the tenant's id: other systems publish there
 * - `document`: Eventarc, one CloudEvent a created Firestore document
 * - `push`: a Pub/Sub push subscription of our own, with a dead letter
 * - `schedule`: Cloud Scheduler, in cron's words
 *
 * Sweep's calls with ids come over authenticated HTTP to the same functions.
 */
export type Route =
  | { readonly via: 'http'; readonly function: FunctionName; readonly public: boolean }
  | { readonly via: 'topic'; readonly function: FunctionName; readonly topic: 'nudges' | 'events' }
  | { readonly via: 'tenant-topic'; readonly function: FunctionName; readonly topics: 'job-requests-' }
  | { readonly via: 'document'; readonly function: FunctionName; readonly document: string }
  | { readonly via: 'push'; readonly function: FunctionName; readonly topic: 'deliveries' }
  | { readonly via: 'schedule'; readonly function: FunctionName; readonly schedule: string };

/** In the order of one job's life. */
export const FUNCTION_NAMES = [
  'api',
  'intake',
  'dispatch',
  'worker',
  'on-job-event',
  'deliver-webhook',
  'sweep',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

export const ROUTES: readonly Route[] = [
  { via: 'http', function: 'api', public: true },
  { via: 'tenant-topic', function: 'intake', topics: 'job-requests-' },
  { via: 'topic', function: 'dispatch', topic: 'nudges' },
  { via: 'http', function: 'worker', public: false },
  { via: 'document', function: 'on-job-event', document: 'jobs/{jobId}/events/{seq}' },
  { via: 'topic', function: 'on-job-event', topic: 'events' },
  { via: 'push', function: 'deliver-webhook', topic: 'deliveries' },
  { via: 'schedule', function: 'sweep', schedule: '* * * * *' },
];
