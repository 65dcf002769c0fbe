/** A metric of Google's own. */
export interface GoogleMetric {
  readonly resource: string;
  readonly kind: 'count' | 'gauge' | 'distribution';
  /** Its own labels and its resource's, as far as they are used. */
  readonly labels: readonly string[];
  /** All values of a label, where they are few. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** Why it is taken to exist, with this resource: no program of ours could tell before it is asked of a project. */
  readonly because: string;
}

const service = ['service_name', 'location'] as const;
const CLASSES = { response_code_class: ['1xx', '2xx', '3xx', '4xx', '5xx'] };
const LISTED = 'Google’s list of Cloud Run’s metrics';
const PUBSUB = 'Google’s list of Pub/Sub’s metrics';

/** Google’s metrics that alerts and dashboards may use, and no others. */
export const GOOGLE_METRICS: Readonly<Record<string, GoogleMetric>> = {
  'run.googleapis.com/request_count': {
    resource: 'cloud_run_revision',
    kind: 'count',
    labels: [...service, 'response_code', 'response_code_class'],
    values: CLASSES,
    because: LISTED,
  },
  'run.googleapis.com/request_latencies': {
    resource: 'cloud_run_revision',
    kind: 'distribution',
    labels: [...service, 'response_code', 'response_code_class'],
    values: CLASSES,
    because: `${LISTED}; in milliseconds`,
  },
  'run.googleapis.com/job/completed_execution_count': {
    resource: 'cloud_run_job',
    kind: 'count',
    labels: ['job_name', 'location', 'result'],
    values: { result: ['succeeded', 'failed'] },
    because: LISTED,
  },
  'run.googleapis.com/job/running_executions': {
    resource: 'cloud_run_job',
    kind: 'gauge',
    labels: ['job_name', 'location'],
    because: LISTED,
  },
  'pubsub.googleapis.com/subscription/oldest_unacked_message_age': {
    resource: 'pubsub_subscription',
    kind: 'gauge',
    labels: ['subscription_id'],
    because: `${PUBSUB}; in seconds, and Eventarc’s generated subscriptions are subscriptions like any other`,
  },
  'pubsub.googleapis.com/subscription/num_undelivered_messages': {
    resource: 'pubsub_subscription',
    kind: 'gauge',
    labels: ['subscription_id'],
    because: PUBSUB,
  },
};
