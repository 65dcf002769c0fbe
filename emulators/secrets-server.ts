import { CallError, startGrpcServer, status, type GrpcServer } from './grpc-server.ts';

/** Secret Manager's AccessSecretVersion. @param secretOf the value of a secret by its short name; null where there is none */
export async function startSecretsServer(secretOf: (name: string) => Promise<string | null>): Promise<GrpcServer> {
  const accessSecretVersion = async ({ name }: { name: string }): Promise<object> => {
    const secret = /^projects\/[^/]+\/secrets\/([^/]+)\/versions\/latest$/.exec(name)?.[1];
    const value = secret === undefined ? null : await secretOf(secret);
    if (value === null) throw new CallError(status.NOT_FOUND, `Secret [${name}] not found or has no versions.`);
    return { name, payload: { data: Buffer.from(value) } };
  };
  return startGrpcServer('@google-cloud/secret-manager', {
    'google.cloud.secretmanager.v1.SecretManagerService': { accessSecretVersion },
  });
}
