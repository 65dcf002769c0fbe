import type { FunctionName } from '../eventarc/routes.ts';
import { api } from './api/api.ts';
import { deliverWebhook } from './deliver-webhook.ts';
import type { Deps } from './deps.ts';
import { dispatch } from './dispatch.ts';
import { intake } from './intake.ts';
import { onJobEvent } from './on-job-event.ts';
import type { ServedFunction } from './served-function.ts';
import { sweep } from './sweep.ts';
import { worker } from './worker.ts';

/** The functions, in the order of one job's life; what calls each of them stands in eventarc/routes.ts. */
export const FUNCTIONS: Readonly<Record<FunctionName, (deps: Deps) => ServedFunction>> = {
  api,
  intake,
  dispatch,
  worker,
  'on-job-event': onJobEvent,
  'deliver-webhook': deliverWebhook,
  sweep,
};
