import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Metadata, Server, ServerCredentials, status, type handleUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);

/** The protocol definitions that a client library carries, by the package's name. */
const protosOf = (packageName: string): protobuf.INamespace =>
  require(`${packageName}/build/protos/protos.json`) as protobuf.INamespace;

export type Handler = (request: never) => unknown;

/** One of google.rpc's error details. */
export type ErrorDetail =
  | { readonly type: 'QuotaFailure'; readonly value: { readonly violations: readonly { readonly subject: string }[] } }
  | { readonly type: 'ErrorInfo'; readonly value: { readonly reason: string; readonly domain: string } };

/** What a call is answered with instead of a result. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: status;
  readonly detail: ErrorDetail | null;
  constructor(code: status, message: string, detail: ErrorDetail | null = null) {
    super(message);
    this.code = code;
    this.detail = detail;
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
  const { code, message, detail } = error;
  if (detail === null) return { code, details: message };
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', statusWith(code, message, detail));
  return { code, details: message, metadata };
}

/** `google.rpc.Status` around one detail. */
function statusWith(code: number, message: string, { type, value }: ErrorDetail): Buffer {
  // Of the clients' packages only gax carries the error details, and exports none of them.
  const file = join(dirname(require.resolve('google-gax')), '../protos/status.json');
  const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(file, 'utf8')) as protobuf.INamespace);
  const detail = root.lookupType(`google.rpc.${type}`);
  const packed = {
    type_url: `type.googleapis.com/google.rpc.${type}`,
    value: detail.encode(detail.fromObject(value)).finish(),
  };
  const wire = root.lookupType('google.rpc.Status');
  return Buffer.from(wire.encode(wire.fromObject({ code, message, details: [packed] })).finish());
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
