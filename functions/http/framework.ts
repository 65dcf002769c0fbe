import type { Server } from 'node:http';
import { cloudEvent, http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { CloudEvent, CloudEventV1 } from 'cloudevents';
import { ackFor } from '../../domain/errors.ts';
import type { Log } from '../../domain/ports.ts';
import type { ServedFunction } from '../served-function.ts';

/** functions-framework around one function: a server that listens nowhere and is handed requests. */
export function frameworkServer(name: string, served: ServedFunction, log: Log): Server {
  register(name, served, log);
  return getTestServer(name);
}

function register(name: string, served: ServedFunction, log: Log): void {
  if (served.kind === 'http') return http(name, served.handler);
  // One parameter, or the framework takes it for a callback style function and never answers.
  cloudEvent(name, async (event: CloudEventV1<unknown>) => {
    try {
      await served.handler(event as CloudEvent<unknown>);
    } catch (error) {
      const ack = ackFor(error);
      log.error('event failed', { function: name, event: event.id, type: event.type, ack, error: String(error) });
      if (ack === 'retry') throw error;
    }
  });
}
