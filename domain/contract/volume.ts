import { z } from 'zod';

/** Where an image keeps the worker's program and the models: `WORKDIR` of gpu-job/Dockerfile. */
export const IMAGE_FOLDER = '/slipway';
/** Where nothing can be mounted: Cloud Run refuses the last three. */
const TAKEN = [IMAGE_FOLDER, '/dev', '/proc', '/sys'];

/**
 * A bucket that the workers of a pool read as files: weights, data. Never written: what a job makes are artifacts. All of the bucket, since
 * the provider of Terraform that we write for cannot mount a folder of one.
 */
export const Volume = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'the name of a bucket, without gs://'),
  path: z
    .string()
    .regex(
      /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/,
      'an absolute path of letters, digits, dot, underscore and hyphen, without "..", and no slash at its end',
    )
    .describe('where it is mounted'),
  readOnly: z.literal(true, 'volumes are read only: what a job makes is an artifact').default(true),
});
export type Volume = z.infer<typeof Volume>;

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** The volumes of a pool; none lies in another, nor where the image has what it needs. */
export const Volumes = z
  .array(Volume)
  .max(10)
  .superRefine((volumes, ctx) => {
    volumes.forEach(({ path }, i) => {
      const fault = (message: string): void => ctx.addIssue({ code: 'custom', path: [i, 'path'], message });
      const taken = TAKEN.find((folder) => isIn(path, folder) || isIn(folder, path));
      if (taken !== undefined) fault(`must be apart from ${taken}, which a worker needs as it is`);
      const other = volumes.findIndex((one, j) => j !== i && isIn(path, one.path));
      if (other >= 0) fault(`lies in "${volumes[other]?.path}" of volume ${other}: no volume may lie in another`);
    });
  });
