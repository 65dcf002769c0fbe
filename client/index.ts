export { createClient, type ClientOptions, type SlipwayClient } from './client.ts';
export { SlipwayError, WaitTimeoutError, type ClientCode } from './errors.ts';
export type { FollowOptions, JobEvent, JobProgress } from './follow.ts';
export type { ClientHost } from './host.ts';
export type { Listing, PageOf } from './pages.ts';
export type { Retry } from './send.ts';
export type { UploadOptions } from './upload.ts';
export { hasEnded, type WaitOptions, type WatchOptions } from './watch.ts';
export {
  verifyWebhook,
  WebhookRefusedError,
  type WebhookBody,
  type WebhookEvent,
  type WebhookHeaders,
} from './webhook.ts';
