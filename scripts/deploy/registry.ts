import { z } from 'zod';
import type { Run } from './commands.ts';
import { registryOf, type Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import type { Image } from './images.ts';
import { jsonOf } from './look.ts';

const Listed = z.array(
  z.looseObject({ package: z.string(), version: z.string(), tags: z.array(z.string()).default([]) }),
);

/** Digests by `image:tag`. */
export type Digests = ReadonlyMap<string, string>;

export const keyOf = ({ image, tag }: Pick<Image, 'image' | 'tag'>): string => `${image}:${tag}`;

/** As it is said where the repository is not there yet, or the API has never been used. */
const ABSENT = /NOT_FOUND|SERVICE_DISABLED|has not been used in project|is not enabled/i;

/** What is in the registry; null where there is none yet. @throws DeployError */
export async function digestsIn(run: Run, environment: Environment): Promise<Digests | null> {
  const listed = await list(run, environment);
  return 'absent' in listed ? null : listed.digests;
}

/** What is in the registry that images were just built for. @throws DeployError, where there is none too */
export async function digestsAfterBuild(run: Run, environment: Environment): Promise<Digests> {
  const listed = await list(run, environment);
  if ('digests' in listed) return listed.digests;
  const registry = registryOf(environment);
  throw new DeployError(`There is no registry ${registry}, though images were just built for it:\n${listed.absent}`);
}

async function list(run: Run, environment: Environment): Promise<{ digests: Digests } | { absent: string }> {
  const registry = registryOf(environment);
  // Else it counts on the project that gcloud is set to, whose API may be off.
  const project = `--project=${environment.project}`;
  const args = ['artifacts', 'docker', 'images', 'list', registry, project, '--include-tags', '--format=json'];
  const { code, out, err } = await run({ program: 'gcloud', args });
  if (code !== 0 && ABSENT.test(err)) return { absent: err.trim() };
  const listed = Listed.safeParse(jsonOf(out));
  if (code !== 0 || !listed.success) {
    throw new DeployError(`What is in ${registry} cannot be seen:\n${err.trim() || 'gcloud answers with no list.'}`);
  }
  const digests = listed.data.flatMap(({ package: path, version, tags }) =>
    tags.map((tag) => [`${path.slice(registry.length + 1)}:${tag}`, version] as const),
  );
  return { digests: new Map(digests) };
}

/** Those whose content is not in the registry. */
export const missingIn = (images: readonly Image[], digests: Digests): Image[] =>
  images.filter((image) => !digests.has(keyOf(image)));
