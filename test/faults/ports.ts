import { CALL_MS } from '../../cloud/deadline.ts';
import { HttpFailure } from '../../domain/errors.ts';
import type { Messages } from '../../domain/messages.ts';
import { refs, type LaunchResult, type OutboundRequest } from '../../domain/ports.ts';
import type { Deps } from '../../functions/deps.ts';
import type { Asked } from './call.ts';
import { InjectedError } from './fault.ts';
import type { Ground } from './ground.ts';
import type { Process } from './process.ts';
import { storeOf } from './store-port.ts';

const failed = async (): Promise<never> => {
  throw new InjectedError('no answer');
};
const noAnswer = async (): Promise<never> => {
  throw new HttpFailure('no answer');
};

/** All that a function stands on, for one process: whatever it asks of a port waits for its turn and can be broken. */
export function portsOf(ground: Ground, process: Process): Deps {
  const { conductor, platform, receiver, blobs } = ground;
  const call = <T>(asked: Asked<T>): Promise<T> => conductor.call(process, asked);
  return {
    store: storeOf(ground, process),
    bus: {
      publish: (topic, message) =>
        call({
          op: 'bus.publish',
          what: `${topic} ${JSON.stringify(message)}`,
          settles: owedBy(message),
          act: async () => platform.publish(topic, message),
          broken: failed,
          patienceMs: CALL_MS.publish,
        }),
    },
    calls: {
      due: (to, ids) =>
        call({
          op: 'calls.due',
          what: `${to} ${JSON.stringify(ids)}`,
          act: () => platform.due(to, ids),
          broken: failed,
          patienceMs: CALL_MS.due,
          isLong: true,
        }),
    },
    launcher: {
      aliveSinceMs: null,
      launch: (request) =>
        call<LaunchResult>({
          op: 'launcher.launch',
          what: `${request.slot} fence ${request.fence}`,
          act: async () => platform.launch(request),
          broken: async (took) =>
            took === 'nothing'
              ? { kind: 'failed', reason: 'capacity', message: 'no capacity' }
              : { kind: 'ambiguous', message: 'no answer' },
          misreport: {
            effect: () => platform.launch(request),
            answer: async () => ({ kind: 'failed', reason: 'other', message: 'no answer' }),
          },
          patienceMs: CALL_MS.run,
        }),
      cancel: (execution) =>
        call({
          op: 'launcher.cancel',
          what: execution.execution,
          act: async () => platform.cancel(execution.execution),
          broken: failed,
          patienceMs: CALL_MS.run,
        }),
      status: (execution) =>
        call({
          op: 'launcher.status',
          what: execution.execution,
          act: async () => platform.status(execution.execution),
          broken: failed,
          patienceMs: CALL_MS.run,
        }),
      find: (launch) =>
        call({
          op: 'launcher.find',
          what: `${launch.slot} fence ${launch.fence}`,
          act: async () => platform.find(launch),
          broken: failed,
          patienceMs: CALL_MS.run,
        }),
    },
    blobs: {
      signUpload: (path) =>
        call({
          op: 'blobs.signUpload',
          what: path,
          act: async () => ({ url: `http://127.0.0.1/${path}`, headers: {} }),
          broken: failed,
          patienceMs: CALL_MS.storage,
        }),
      signDownload: (path) =>
        call({
          op: 'blobs.signDownload',
          what: path,
          act: async () => `http://127.0.0.1/${path}`,
          broken: failed,
          patienceMs: CALL_MS.storage,
        }),
      size: (path) =>
        call({
          op: 'blobs.size',
          what: path,
          act: async () => blobs.get(path) ?? null,
          broken: failed,
          patienceMs: CALL_MS.storage,
        }),
      remove: (path) =>
        call({
          op: 'blobs.remove',
          what: path,
          act: async () => void blobs.delete(path),
          broken: failed,
          patienceMs: CALL_MS.storage,
        }),
    },
    metrics: {
      settled: (record) =>
        call({
          op: 'metrics.settled',
          what: `${record.event} ${record.attempt}`,
          settles: refs.event(record.job, record.version).path,
          act: async (of) => ground.counted(record, of),
          broken: failed,
          patienceMs: CALL_MS.gauges,
        }),
      gauges: (points) =>
        call({
          op: 'metrics.gauges',
          what: `${points.length} points`,
          act: async () => undefined,
          broken: failed,
          patienceMs: CALL_MS.gauges,
        }),
    },
    secrets: {
      get: (name) =>
        call({ op: 'secrets.get', what: name, act: async () => 'pepper', broken: failed, patienceMs: CALL_MS.secrets }),
    },
    tokens: { make: async () => null },
    idTokens: { verify: async () => null },
    http: {
      check: () => undefined,
      send: (request) => {
        receiver.sent(request);
        return call({
          op: 'http.send',
          what: headerOf(request, 'webhook-id'),
          act: async () => receiver.receive(request),
          broken: noAnswer,
          patienceMs: request.timeoutMs,
        });
      },
    },
    clock: process.clockOf(ground.clock),
    random: ground.random,
    log: ground.log,
    catalogue: ground.catalogue,
    settings: ground.settings,
    topicPrefix: '',
  };
}

/** The event that a message brings a delivery of. */
function owedBy(message: Messages[keyof Messages]): string | undefined {
  const [, job, seq] = 'delivery' in message ? (/^(.+)~(\d+)~/.exec(message.delivery) ?? []) : [];
  return job === undefined ? undefined : refs.event(job, Number(seq)).path;
}

const headerOf = ({ headers }: OutboundRequest, name: string): string => headers[name] ?? '';
