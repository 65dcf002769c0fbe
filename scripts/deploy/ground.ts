import { z } from 'zod';
import type { Run } from './commands.ts';
import { stateBucketOf, USER_FILE, type Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import { good, jsonOf } from './look.ts';

/** Without these Terraform can neither keep its state nor enable the others. */
const APIS = ['serviceusage', 'cloudresourcemanager', 'storage'].map((name) => `${name}.googleapis.com`);

/** As the API has it: nothing else that gcloud prints says whose a bucket is. */
const Bucket = z.looseObject({
  projectNumber: z.string().optional(),
  versioning: z.looseObject({ enabled: z.boolean().optional() }).optional(),
});

/**
 * Lays what must be there before Terraform can run; each part only where it is missing.
 * @param number the project's
 * @throws DeployError
 */
export async function layGround(run: Run, environment: Environment, number: string): Promise<void> {
  const { project, home } = environment;
  const gcloud = (args: readonly string[], what: string): Promise<unknown> =>
    good(run, { program: 'gcloud', args }, (why) => `${what}: ${why}`);
  await gcloud(['services', 'enable', ...APIS, `--project=${project}`], 'The first APIs cannot be enabled');

  const bucket = `gs://${stateBucketOf(environment)}`;
  const found = await stateBucketIn(run, environment, number);
  if (found === null) {
    const closed = ['--uniform-bucket-level-access', '--public-access-prevention'];
    const args = ['storage', 'buckets', 'create', bucket, `--project=${project}`, `--location=${home}`, ...closed];
    await gcloud(args, `The bucket of Terraform's state, ${bucket}, cannot be made`);
  }
  // A create takes no such flag; and who was interrupted between the two has a bucket without.
  if (found?.versioning?.enabled !== true) {
    await gcloud(['storage', 'buckets', 'update', bucket, '--versioning'], `${bucket} cannot be made to keep versions`);
  }
}

/** Whether there is a bucket of Terraform's state. @param number the project's @throws DeployError */
export const isStateThere = async (run: Run, environment: Environment, number: string): Promise<boolean> =>
  (await stateBucketIn(run, environment, number)) !== null;

/** The names of buckets are the world's, and this one can be guessed: one that is there need not be ours. */
async function stateBucketIn(
  run: Run,
  environment: Environment,
  number: string,
): Promise<z.infer<typeof Bucket> | null> {
  const bucket = `gs://${stateBucketOf(environment)}`;
  const what = `The bucket of Terraform's state, ${bucket},`;
  const remedy = `another prefix in ${environment.folder}/${USER_FILE}`;
  const { code, out, err } = await run({
    program: 'gcloud',
    args: ['storage', 'buckets', 'describe', bucket, '--raw', '--format=json'],
  });
  // In gcloud's own words: a host or a page of a proxy may not be found either.
  if (code !== 0 && err.includes(`${bucket} not found: 404`)) return null;
  if (code !== 0) {
    throw new DeployError(
      `${what} cannot be seen. It is another's (then choose ${remedy}), or you need roles/storage.admin:\n${err.trim()}`,
    );
  }
  const found = Bucket.safeParse(jsonOf(out)).data ?? {};
  if (found.projectNumber === number) return found;
  const whose =
    found.projectNumber === undefined
      ? 'it does not say of which project it is'
      : `it is of the project with the number ${found.projectNumber}`;
  throw new DeployError(
    `${what} is another's: ${whose}, and ${environment.project} has ${number}. Anybody may take such a name. Choose ${remedy}.`,
  );
}
