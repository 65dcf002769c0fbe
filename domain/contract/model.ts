import { z } from 'zod';
import { HARDWARE_NAMES, unknownHardware } from '../hardware.ts';
import { ErrorKind } from './job.ts';
import { Volumes } from './volume.ts';

/** A week, whoever asks for it: files are kept for longer than a job with the longest deadline can wait. */
export const MAX_START_DEADLINE_SECONDS = 604_800;

const name = z.string().regex(/^[a-z][a-z0-9-]{0,48}$/, 'lower-case letters, digits and hyphens, at most 49');

/** A rule that turns what a program did into an error kind; the first that matches wins, and all of a rule's conditions must hold. */
export const ErrorRule = z
  .strictObject({
    exitCode: z.int().optional(),
    output: z.string().optional().describe('a regular expression over the last 64 KiB of output'),
    kind: ErrorKind,
    message: z.string().optional(),
  })
  .refine((rule) => rule.exitCode !== undefined || rule.output !== undefined, 'a rule needs exitCode or output');
export type ErrorRule = z.infer<typeof ErrorRule>;

const program = z.string().min(1).describe('found on PATH; `node` is the Node that runs the worker');
const args = z.array(z.string()).default([]).describe('relative paths are relative to the model folder');

/** How a worker runs a model: a child process a job, or a server started once and asked over HTTP. */
export const Runner = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('command'), program, args, rules: z.array(ErrorRule).default([]) }),
  z.strictObject({ kind: z.literal('server'), program, args, rules: z.array(ErrorRule).default([]) }),
]);
export type Runner = z.infer<typeof Runner>;

export const Requirement = z.strictObject({ program: z.string(), install: z.string() });
export type Requirement = z.infer<typeof Requirement>;

const JsonSchema = z.record(z.string(), z.unknown());

/** A `gpu-job/models/<name>/model.yaml`. Adding a model is adding such a folder. */
export const Model = z.strictObject({
  name,
  title: z.string(),
  description: z.string(),
  pool: name,
  runner: Runner,
  input: JsonSchema,
  output: JsonSchema,
  requires: z.array(Requirement).default([]),
  hardware: z
    .enum(HARDWARE_NAMES, { error: ({ input }) => unknownHardware(input) })
    .default('l4')
    .describe('a row of domain/hardware.ts'),
  limits: z
    .strictObject({
      runTimeoutSeconds: z.number().positive().max(3_600).default(600),
      startDeadlineSeconds: z.number().positive().max(MAX_START_DEADLINE_SECONDS).default(86_400),
      maxOutputBytes: z.int().positive().max(262_144).default(262_144),
      maxArtifactBytes: z
        .int()
        .positive()
        .default(64 * 1024 * 1024),
    })
    .prefault({}),
  expected: z
    .strictObject({
      bootSeconds: z.number().positive().default(30),
      runSeconds: z.number().positive().default(10),
    })
    .prefault({})
    .describe('what the target policy reckons with'),
  retry: z.strictObject({ maxAttempts: z.int().min(1).max(10).default(3) }).prefault({}),
});
export type Model = z.infer<typeof Model>;

/** An image by its digest: what a tag names can change after it was tried. */
const imageReference = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]*(?::\d+)?(?:\/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$/,
    'an image by its digest: host/path@sha256:<64 hexadecimal digits>',
  );

/** A row of `gpu-job/models/pools.yaml`; a pool that is not named there has these defaults. */
export const Pool = z
  .strictObject({
    name,
    max: z.int().min(1).max(100).default(1),
    idleTimeoutSeconds: z.number().nonnegative().default(30),
    startupTimeoutSeconds: z.number().positive().default(300),
    maxLifetimeSeconds: z.number().positive().default(3_300),
    dockerfile: z
      .string()
      .min(1)
      .optional()
      .describe('what its image is built by, relative to this file; gpu-job/Dockerfile unless told'),
    image: imageReference.optional().describe('an image that is built elsewhere; the build then makes none'),
    volumes: Volumes.default([]),
  })
  .refine(({ dockerfile, image }) => dockerfile === undefined || image === undefined, {
    path: ['image'],
    message: 'is an image that is built already, so there is nothing to build by "dockerfile": take one of them away',
  });
export type Pool = z.infer<typeof Pool>;

/** A model as this deployment has it; `missing` lists what must be installed before it can run. */
export interface CatalogueEntry {
  readonly model: Model;
  readonly missing: readonly Requirement[];
}

/** One pool in one region: what a worker takes from. Its name is `<pool>@<region>`. */
export interface Queue {
  readonly name: string;
  readonly pool: Pool;
  readonly region: string;
  readonly models: readonly string[];
  readonly expectedBootMs: number;
  readonly expectedRunMs: number;
}

/** What can be run here, read once at start. */
export interface Catalogue {
  readonly models: ReadonlyMap<string, CatalogueEntry>;
  readonly queues: ReadonlyMap<string, Queue>;
}
