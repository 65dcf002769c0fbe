import { z } from 'zod';
import { LONGEST_S, onBuilds, type Builder } from './cloud-build.ts';
import { DeployError } from './errors.ts';
import { jsonOf } from './look.ts';
import { isForRights } from './refusal.ts';

const Builds = z.array(
  z.looseObject({
    id: z.string(),
    status: z.string(),
    statusDetail: z.string().optional(),
    failureInfo: z.looseObject({ type: z.string().optional(), detail: z.string().optional() }).optional(),
    steps: z.array(z.looseObject({ id: z.string().optional(), exitCode: z.number().optional() })).default([]),
  }),
);
export type FoundBuild = z.infer<typeof Builds>[number];

export interface Watching extends Builder {
  readonly say: (line: string) => void;
  /** Resolves so many milliseconds later. */
  readonly pause: (ms: number) => Promise<void>;
}

const LOOK_AGAIN_S = 15;
/** How often in a row a build may not be seen: where gcloud has lost sight of it, the network may be away for a while. */
const BLIND_LOOKS = 3;
const GOING_ON = ['PENDING', 'QUEUED', 'WORKING'];
export const goesOn = ({ status }: Pick<FoundBuild, 'status'>): boolean => GOING_ON.includes(status);

/**
 * The build of this tag, once it has ended, or as it is when it was waited for as long as a build may run; null where Cloud Build
 * has none.
 * @param mayBeNew whether one that is not there yet may have been made a moment ago
 * @throws DeployError where that cannot be seen
 */
export async function endOf(watching: Watching, tag: string, mayBeNew = false): Promise<FoundBuild | null> {
  const { run, say, pause } = watching;
  let [blind, isSaid, mayBeLate] = [0, false, mayBeNew];
  for (let waitedS = 0; ; waitedS += LOOK_AGAIN_S) {
    const { code, out, err } = await run(onBuilds(watching, ['list', `--filter=tags=${tag}`, '--format=json']));
    const found = Builds.safeParse(jsonOf(out));
    if (code !== 0 || !found.success) {
      blind += 1;
      if (blind > BLIND_LOOKS || isForRights(err)) {
        throw new DeployError(`What became of the build cannot be seen: ${err.trim()}`);
      }
    } else {
      const [build = null] = found.data;
      const isAwaited = build === null ? mayBeLate : goesOn(build);
      if (!isAwaited || waitedS >= LONGEST_S) return build;
      [blind, mayBeLate] = [0, false];
      if (build !== null && !isSaid) {
        isSaid = true;
        say(`The build goes on, though gcloud no longer watches it: looked at again every ${LOOK_AGAIN_S} s.`);
      }
    }
    await pause(LOOK_AGAIN_S * 1_000);
  }
}
