import { NOT_BUILT, NOT_PUSHED } from './cloud-build.ts';
import type { Image } from './images.ts';
import { goesOn, type FoundBuild } from './watch-build.ts';

/** What became of a build; of images that are in the registry by now nothing is said. */
export interface Verdict {
  /** Whether the same may go well in a while: it was refused, or a push was, and rights that are new are not known everywhere. */
  readonly isWorthAgain: boolean;
  readonly why: string;
}

const exitOf = ({ steps }: FoundBuild, { image }: Image): number | undefined =>
  steps.find(({ id }) => id === image)?.exitCode;

/** Those that a build says it has pushed. An exit code of 0 is one that the API may leave out. */
export const pushedBy = (build: FoundBuild, images: readonly Image[]): Image[] =>
  images.filter((image) => (exitOf(build, image) ?? (build.status === 'SUCCESS' ? 0 : null)) === 0);

/** @param missing those of its images that are not in the registry */
export function verdictOn(build: FoundBuild, missing: readonly Image[]): Verdict {
  const named = (images: readonly Image[]): string => images.map(({ image }) => image).join(', ');
  const faulty = missing.filter((image) => exitOf(build, image) === NOT_BUILT);
  if (faulty.length > 0) {
    return { isWorthAgain: false, why: `Not built, since a step of its Dockerfile failed: ${named(faulty)}.` };
  }
  if (goesOn(build)) {
    const why = `gcloud has lost sight of the build, and it goes on: ${build.status}. Run the same again once it has ended.`;
    return { isWorthAgain: false, why };
  }
  const pushed = pushedBy(build, missing);
  if (pushed.length > 0) {
    const why =
      `Build and registry disagree: the build has pushed ${named(pushed)}, and the registry does not list that. ` +
      'Run the same again in some minutes: what it lists by then is not built again.';
    return { isWorthAgain: false, why };
  }
  if (['TIMEOUT', 'EXPIRED', 'CANCELLED'].includes(build.status)) {
    return { isWorthAgain: false, why: `The build ended as ${build.status}, without ${named(missing)}.` };
  }
  const refused = missing.filter((image) => exitOf(build, image) === NOT_PUSHED);
  if (refused.length > 0)
    return { isWorthAgain: true, why: `Built, and not taken by the registry: ${named(refused)}.` };
  const { failureInfo, statusDetail } = build;
  const detail = failureInfo?.detail ?? statusDetail ?? failureInfo?.type ?? 'it does not say why';
  return { isWorthAgain: true, why: `The build ended as ${build.status} before ${named(missing)}: ${detail}` };
}
