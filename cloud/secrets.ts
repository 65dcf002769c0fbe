import type { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import type { Clock, Secrets } from '../domain/ports.ts';
import { asking } from './asking.ts';
import { CALL_MS } from './deadline.ts';
import { clientOptions, type Project } from './endpoints.ts';
import { lazy } from './lazy.ts';

export interface SecretManagerOptions extends Project {
  readonly name: string;
  readonly clock: Clock;
  /** How long a call may take, since the client sleeps for seconds between its tries. */
  readonly callMs?: number;
}

/** Secret Manager: the newest version of `<name>-<secret>`. Nothing is kept here; whoever asks often keeps it. */
export function secretManager(options: SecretManagerOptions): Secrets {
  const deadline = { clock: options.clock, callMs: options.callMs ?? CALL_MS.secrets };
  const client = lazy(async (): Promise<SecretManagerServiceClient> => {
    const { SecretManagerServiceClient: Client } = await import('@google-cloud/secret-manager');
    return new Client(await clientOptions(options.projectId, options.endpoints.secretManager));
  });
  return {
    async get(secret) {
      const name = `projects/${options.projectId}/secrets/${options.name}-${secret}/versions/latest`;
      const [version] = await asking(deadline, 'Secret Manager', async () => {
        return (await client()).accessSecretVersion({ name });
      });
      const data = version.payload?.data;
      if (data === null || data === undefined || data.length === 0) throw new Error(`the secret ${name} is empty`);
      return Buffer.from(data).toString('utf8');
    },
  };
}
