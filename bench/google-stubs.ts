import { createRequire } from 'node:module';
import {
  Server,
  ServerCredentials,
  type Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { INamespace } from 'protobufjs';

/** Google's APIs, as far as a first use goes through them: each answers at once, so that what is measured is the caller. */
export interface GoogleStubs {
  /** Where they are, as the variables that our functions read. */
  readonly env: Readonly<Record<string, string>>;
  /** How many calls each has answered. */
  readonly calls: Readonly<Record<string, number>>;
  stop(): void;
}

type Done = sendUnaryData<object>;
type AnyCall = ServerUnaryCall<object, object>;

const require = createRequire(import.meta.url);

/**
 * Of documents there are keys, all of one tenant, and no others.
 * @param options.credentials without them it speaks without TLS, as emulators do
 * @param options.onCall told of each call, with what came with it
 */
export async function startGoogleStubs(
  options: {
    readonly credentials?: ServerCredentials;
    readonly onCall?: (name: string, metadata: Metadata) => void;
  } = {},
): Promise<GoogleStubs> {
  const credentials = options.credentials ?? ServerCredentials.createInsecure();
  const calls: Record<string, number> = {};
  const counted = <C extends { readonly metadata: Metadata }, A extends unknown[]>(
    name: string,
    answer: (call: C, ...given: A) => void,
  ) => {
    calls[name] = 0;
    return (call: C, ...given: A): void => {
      calls[name] = (calls[name] ?? 0) + 1;
      options.onCall?.(name, call.metadata);
      answer(call, ...given);
    };
  };
  const servers: Server[] = [];
  const serve = async (of: string, service: string, methods: UntypedServiceImplementation): Promise<string> => {
    const definitions = fromJSON(require(`${of}/build/protos/protos.json`) as INamespace, {
      longs: String,
      enums: String,
    });
    const server = new Server();
    server.addService(definitions[service] as never, methods);
    servers.push(server);
    return new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
        if (error === null) resolve(`127.0.0.1:${port}`);
        else reject(error);
      });
    });
  };

  const firestore = await serve('@google-cloud/firestore-api', 'google.firestore.v1.Firestore', {
    batchGetDocuments: counted('get', (call: ServerWritableStream<{ documents: string[] }, object>) => {
      for (const name of call.request.documents)
        call.write(name.includes('/keys/') ? keyOf(name) : { missing: name, readTime: now() });
      call.end();
    }),
    commit: counted('commit', ({ request }: ServerUnaryCall<{ writes: object[] }, object>, done: Done) => {
      done(null, { writeResults: request.writes.map(() => ({ updateTime: now() })), commitTime: now() });
    }),
  });
  const pubsub = await serve('@google-cloud/pubsub-api', 'google.pubsub.v1.Publisher', {
    publish: counted('publish', ({ request }: ServerUnaryCall<{ messages: object[] }, object>, done: Done) => {
      done(null, { messageIds: request.messages.map((_, i) => String(i + 1)) });
    }),
  });
  const run = await serve('@google-cloud/run', 'google.cloud.run.v2.Jobs', {
    runJob: counted('runJob', (_: AnyCall, done: Done) => done(null, { name: 'operations/one', done: false })),
  });
  const monitoring = await serve('@google-cloud/monitoring', 'google.monitoring.v3.MetricService', {
    createTimeSeries: counted('createTimeSeries', (_: AnyCall, done: Done) => done(null, {})),
  });
  return {
    env: {
      FIRESTORE_EMULATOR_HOST: firestore,
      PUBSUB_EMULATOR_HOST: pubsub,
      RUN_EMULATOR_HOST: run,
      MONITORING_EMULATOR_HOST: monitoring,
    },
    calls,
    stop: () => servers.forEach((server) => server.forceShutdown()),
  };
}

const now = (): object => ({ seconds: String(Math.floor(Date.now() / 1_000)), nanos: 0 });

function keyOf(name: string): object {
  const fields = { schema: { integerValue: '1' }, tenant: { stringValue: 'bench' } };
  return { found: { name, fields, createTime: now(), updateTime: now() }, readTime: now() };
}
