import { createRequire } from 'node:module';
import { Metadata, Server, ServerCredentials, status, type handleUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);

/** The protocol definitions that a client library carries, by the package's name. */
const protosOf = (packageName: string): protobuf.INamespace =>
  require(`${packageName}/build/protos/protos.json`) as protobuf.INamespace;

export type Handler = (request: never) => unknown;

/** What a call is answered with instead of a result. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: status;
  /** `google.rpc.QuotaFailure` says so in its details. */
  readonly quotaOf: string | null;
  constructor(code: status, message: string, quotaOf: string | null = null) {
    super(message);
    this.code = code;
    this.quotaOf = quotaOf;
  }
}

export { status };

export interface GrpcServer {
  readonly address: string;
  stop(): void;
}

/**
 * Serves some methods of an API over gRPC, as its real client speaks it; all others answer UNIMPLEMENTED.
 * @param services the handlers by service (`google.cloud.run.v2.Jobs`) and method (`runJob`); one that returns a promise that
 *   never resolves leaves its call unanswered
 */
export async function startGrpcServer(
  packageName: string,
  services: Readonly<Record<string, Readonly<Record<string, Handler>>>>,
): Promise<GrpcServer> {
  const definition = fromJSON(protosOf(packageName), {
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const server = new Server();
  for (const [service, methods] of Object.entries(services)) {
    const entry = definition[service];
    if (entry === undefined || 'format' in entry) throw new Error(`${packageName} has no service ${service}`);
    const handlers = Object.entries(methods).map(([method, handle]) => [method, unary(handle)]);
    server.addService(entry, Object.fromEntries(handlers) as Record<string, handleUnaryCall<unknown, unknown>>);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

function unary(handle: Handler): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    void (async () => handle(call.request as never))().then(
      (result) => callback(null, result),
      (error: unknown) => callback(asServiceError(error)),
    );
  };
}

function asServiceError(error: unknown): Partial<ServiceError> {
  if (!(error instanceof CallError)) return { code: status.INTERNAL, details: String(error) };
  const { code, message, quotaOf } = error;
  if (quotaOf === null) return { code, details: message };
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', quotaFailure(code, message, quotaOf));
  return { code, details: message, metadata };
}

/** `google.rpc.Status` around one `google.rpc.QuotaFailure`. */
function quotaFailure(code: number, message: string, subject: string): Buffer {
  const root = protobuf.Root.fromJSON(require('google-gax/build/protos/status.json') as protobuf.INamespace);
  const failure = root.lookupType('google.rpc.QuotaFailure');
  const value = failure.encode(failure.fromObject({ violations: [{ subject, description: message }] })).finish();
  const details = [{ type_url: 'type.googleapis.com/google.rpc.QuotaFailure', value }];
  const wire = root.lookupType('google.rpc.Status');
  return Buffer.from(wire.encode(wire.fromObject({ code, message, details })).finish());
}

/** A message as `google.protobuf.Any`, as operations carry it. */
export function anyOf(packageName: string, type: string, value: object): { type_url: string; value: Uint8Array } {
  const root = protobuf.Root.fromJSON(protosOf(packageName));
  const message = root.lookupType(type);
  return { type_url: `type.googleapis.com/${type}`, value: message.encode(message.fromObject(value)).finish() };
}

/** `google.protobuf.Timestamp`. */
export const timestampOf = (ms: number): { seconds: number; nanos: number } => ({
  seconds: Math.floor(ms / 1_000),
  nanos: (ms % 1_000) * 1_000_000,
});
