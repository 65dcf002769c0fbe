import type { ClientOptions } from 'google-gax';

/**
 * Where Google's APIs are, by name, as far as they are not Google's own: emulators and test servers. All but `storage` and
 * `iamCredentials`, which are URLs, are `host:port` and spoken to without TLS and without credentials.
 */
export interface Endpoints {
  readonly firestore?: string | undefined;
  readonly pubsub?: string | undefined;
  readonly run?: string | undefined;
  readonly monitoring?: string | undefined;
  readonly secretManager?: string | undefined;
  readonly storage?: string | undefined;
  readonly iamCredentials?: string | undefined;
}

/** What every adapter is told of where it works. */
export interface Project {
  readonly projectId: string;
  readonly endpoints: Endpoints;
}

export function hostAndPort(endpoint: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`http://${endpoint}`);
  return { host: hostname, port: Number(port) };
}

/**
 * Options of a generated client (Run, Monitoring, Secret Manager). A local endpoint gets no credentials: looking for them
 * would ask a metadata server, which on a machine without one takes seconds.
 */
export async function clientOptions(projectId: string, endpoint: string | undefined): Promise<ClientOptions> {
  if (endpoint === undefined) return { projectId };
  const { host, port } = hostAndPort(endpoint);
  const { grpc, googleAuthLibrary } = await import('google-gax');
  return {
    projectId,
    apiEndpoint: host,
    port,
    sslCreds: grpc.credentials.createInsecure(),
    authClient: new googleAuthLibrary.PassThroughClient(),
  };
}
