import { z } from 'zod';
import type { Run } from './commands.ts';
import { stateBucketOf, type Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import { good, jsonOf } from './look.ts';

/** Without these Terraform can neither keep its state nor enable the others. */
const APIS = ['serviceusage', 'cloudresourcemanager', 'storage'].map((name) => `${name}.googleapis.com`);

const Bucket = z.looseObject({ versioning_enabled: z.boolean().optional() });

/** Lays what must be there before Terraform can run; each part only where it is missing. @throws DeployError */
export async function layGround(run: Run, environment: Environment): Promise<void> {
  const { project, home } = environment;
  const gcloud = (args: readonly string[], what: string): Promise<unknown> =>
    good(run, { program: 'gcloud', args }, (why) => `${what}: ${why}`);
  await gcloud(['services', 'enable', ...APIS, `--project=${project}`], 'The first APIs cannot be enabled');

  const bucket = `gs://${stateBucketOf(environment)}`;
  const found = await stateBucketIn(run, environment);
  if (found === null) {
    const closed = ['--uniform-bucket-level-access', '--public-access-prevention'];
    const args = ['storage', 'buckets', 'create', bucket, `--project=${project}`, `--location=${home}`, ...closed];
    await gcloud(args, `The bucket of Terraform's state, ${bucket}, cannot be made`);
  }
  // A create takes no such flag; and who was interrupted between the two has a bucket without.
  if (found?.versioning_enabled !== true) {
    await gcloud(['storage', 'buckets', 'update', bucket, '--versioning'], `${bucket} cannot be made to keep versions`);
  }
}

/** Whether there is a bucket of Terraform's state. @throws DeployError */
export const isStateThere = async (run: Run, environment: Environment): Promise<boolean> =>
  (await stateBucketIn(run, environment)) !== null;

async function stateBucketIn(run: Run, environment: Environment): Promise<z.infer<typeof Bucket> | null> {
  const bucket = `gs://${stateBucketOf(environment)}`;
  const { code, out, err } = await run({
    program: 'gcloud',
    args: ['storage', 'buckets', 'describe', bucket, '--format=json'],
  });
  if (code === 0) return Bucket.safeParse(jsonOf(out)).data ?? {};
  if (/\b404\b|not found/i.test(err)) return null;
  throw new DeployError(
    `The bucket of Terraform's state, ${bucket}, cannot be seen. It is another's, or you need roles/storage.admin:\n${err.trim()}`,
  );
}
