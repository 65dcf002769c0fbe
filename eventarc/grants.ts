import type { Topic } from '../domain/messages.ts';
import type { Due, SecretName } from '../domain/ports.ts';
import type { FunctionName } from './routes.ts';

/**
 * What a function may do, and nothing else. Where all functions share one process (functions/within-grants.ts) whatever is
 * not here is refused; a built function that holds a client it has no right for is refused at the build; a deployment gives
 * its service account these roles and no others.
 */
export interface Grant {
  readonly store: 'none' | 'read' | 'write';
  readonly publishes: readonly Topic[];
  /** The functions it calls with ids. */
  readonly calls: readonly (keyof Due)[];
  /** May start, list and cancel the executions of every pool. */
  readonly launches: boolean;
  readonly blobs: readonly ('sign-upload' | 'sign-download' | 'size' | 'remove')[];
  readonly secrets: readonly SecretName[];
  /** May sign tokens that let a tenant's clients listen in Firestore. */
  readonly tokens: boolean;
  /** May write time series; what is counted by log lines needs no right. */
  readonly gauges: boolean;
  /** Sends requests to addresses that users give: its way out leads past everything that is private. */
  readonly egress: boolean;
}

const NOTHING: Grant = {
  store: 'none',
  publishes: [],
  calls: [],
  launches: false,
  blobs: [],
  secrets: [],
  tokens: false,
  gauges: false,
  egress: false,
};

/** In the order of one job's life. The workers' own account is not here: it may invoke `worker`, and nothing else. */
export const GRANTS: Readonly<Record<FunctionName, Grant>> = {
  api: {
    ...NOTHING,
    store: 'write',
    publishes: ['nudges'],
    blobs: ['sign-upload', 'sign-download', 'size', 'remove'],
    secrets: ['idempotency-pepper'],
    tokens: true,
  },
  intake: {
    ...NOTHING,
    store: 'write',
    publishes: ['nudges', 'job-rejections'],
    blobs: ['size'],
    secrets: ['idempotency-pepper'],
  },
  dispatch: { ...NOTHING, store: 'write', publishes: ['nudges'], launches: true },
  worker: { ...NOTHING, store: 'write', publishes: ['nudges'], blobs: ['sign-upload', 'sign-download', 'size'] },
  'on-job-event': {
    ...NOTHING,
    store: 'write',
    publishes: ['nudges', 'events', 'deliveries', 'job-events'],
    blobs: ['remove'],
  },
  'deliver-webhook': { ...NOTHING, store: 'write', egress: true },
  sweep: { ...NOTHING, store: 'read', calls: ['dispatch', 'on-job-event', 'deliver-webhook'], gauges: true },
};
