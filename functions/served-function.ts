import type { ServerResponse } from 'node:http';
import type { CloudEvent } from 'cloudevents';
import type { FunctionRequest } from './http/answer.ts';

/** A function as functions-framework registers it. */
export type ServedFunction =
  | {
      readonly kind: 'http';
      readonly handler: (request: FunctionRequest, response: ServerResponse) => Promise<void>;
    }
  | { readonly kind: 'cloudEvent'; readonly handler: (event: CloudEvent<unknown>) => Promise<void> };
