import type { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import type { Secrets } from '../domain/ports.ts';
import { SECOND } from '../domain/time.ts';
import { clientOptions, type Project } from './endpoints.ts';
import { lazy } from './lazy.ts';

const CALL_MS = 6 * SECOND;

/** Secret Manager: the newest version of `<name>-<secret>`. Nothing is kept here; whoever asks often keeps it. */
export function secretManager(options: Project & { readonly name: string }): Secrets {
  const client = lazy(async (): Promise<SecretManagerServiceClient> => {
    const { SecretManagerServiceClient: Client } = await import('@google-cloud/secret-manager');
    return new Client(await clientOptions(options.projectId, options.endpoints.secretManager));
  });
  return {
    async get(secret) {
      const name = `projects/${options.projectId}/secrets/${options.name}-${secret}/versions/latest`;
      const [version] = await (await client()).accessSecretVersion({ name }, { timeout: CALL_MS });
      const data = version.payload?.data;
      if (data === null || data === undefined || data.length === 0) throw new Error(`the secret ${name} is empty`);
      return Buffer.from(data).toString('utf8');
    },
  };
}
