import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  status,
  type Metadata,
  type MethodDefinition,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** What becomes of the next Commit: it is made and its answer lost, or it never arrives. */
export type CommitFault = 'answer_lost' | 'not_made';

export interface FirestoreProxy {
  readonly address: string;
  /** For the next commits, the first of them first. */
  readonly faults: CommitFault[];
  /** Nothing but UNAVAILABLE from here on, to anything. */
  down: boolean;
  commits(): number;
  /** What Firestore bills, as it went over the line: documents read and written, a query without a result as one. */
  readonly billed: { reads: number; writes: number };
  stop(): void;
}

const commitRequest = protobuf.Root.fromJSON(
  JSON.parse(
    readFileSync(
      join(dirname(createRequire(import.meta.url).resolve('@google-cloud/firestore')), '../protos/v1.json'),
      'utf8',
    ),
  ) as protobuf.INamespace,
).lookupType('google.firestore.v1.CommitRequest');

const writesIn = (request: Buffer): number =>
  (commitRequest.decode(request) as unknown as { writes: unknown[] }).writes.length;

const same = (bytes: Buffer): Buffer => bytes;

/** A Firestore behind a line that breaks: passes the bytes of calls on, except for what it is told to lose. */
export async function startFirestoreProxy(emulator: string): Promise<FirestoreProxy> {
  const upstream = new Client(emulator, credentials.createInsecure());
  const faults: CommitFault[] = [];
  let commits = 0;
  const broken = { code: status.UNAVAILABLE, details: 'the connection broke' };
  const define = (name: string, responseStream: boolean): MethodDefinition<Buffer, Buffer> => ({
    path: `/google.firestore.v1.Firestore/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  });
  const proxy: FirestoreProxy = {
    address: '',
    faults,
    down: false,
    commits: () => commits,
    billed: { reads: 0, writes: 0 },
    stop: () => {
      server.forceShutdown();
      upstream.close();
    },
  };
  const server = new Server();
  const streams = ['BatchGetDocuments', 'RunQuery', 'RunAggregationQuery'];
  server.addService(
    { Commit: define('Commit', false), ...Object.fromEntries(streams.map((name) => [name, define(name, true)])) },
    {
      Commit: (
        call: { request: Buffer; metadata: Metadata },
        callback: (error: object | null, value?: Buffer) => void,
      ) => {
        const fault = faults.shift();
        if (proxy.down || fault === 'not_made') return callback(broken);
        commits += 1;
        const { path } = define('Commit', false);
        upstream.makeUnaryRequest(path, same, same, call.request, call.metadata, (error, value) => {
          if (error === null) proxy.billed.writes += writesIn(call.request);
          callback(fault === 'answer_lost' ? broken : error, value);
        });
      },
      ...Object.fromEntries(
        streams.map((name) => [
          name,
          (call: {
            request: Buffer;
            metadata: Metadata;
            write(value: Buffer): void;
            end(): void;
            emit(event: 'error', error: object): void;
          }) => {
            if (proxy.down) return call.emit('error', broken);
            const { path } = define(name, true);
            upstream
              .makeServerStreamRequest(path, same, same, call.request, call.metadata)
              .on('data', (value: Buffer) => {
                // One document a message; a result of none is a message too, and so is a count.
                proxy.billed.reads += 1;
                call.write(value);
              })
              .on('error', (error: object) => call.emit('error', error))
              .on('end', () => call.end());
          },
        ]),
      ),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return Object.assign(proxy, { address: `127.0.0.1:${port}` });
}
