import type { Verdict } from './verdict.ts';

const NO_RIGHT = /PERMISSION_DENIED|\b403\b|does not have permission/i;
/** As a young project is told, which may not build in every region. */
const NOT_IN_REGION = /quota restrictions, cannot run builds/i;

/** What gcloud complains of at its end; before that it counts files and bytes. */
function complaintIn(err: string): string {
  const begin = err.search(/^ERROR:/m);
  return err.slice(Math.max(begin, 0)).trim();
}

/** Whether gcloud was refused for rights that are missing, or not known everywhere yet. */
export const isForRights = (err: string): boolean => NO_RIGHT.test(complaintIn(err));

/** Whether gcloud broke down, so that nobody can say by its word how far it had come. */
export const isCrash = (err: string): boolean => /\bgcloud crashed\b/.test(complaintIn(err));

/**
 * Why there is no build at all.
 * @param err what gcloud said as it was to send it
 * @param region where it was to run; null in the global pool
 */
export function refusalOf(err: string, region: string | null): Verdict {
  const complaint = complaintIn(err);
  const remedy =
    region !== null && NOT_IN_REGION.test(complaint)
      ? `\nBuilds may not run in ${region} for this project. Add --build-globally: then they run in the global pool, anywhere.`
      : '';
  return { isWorthAgain: isForRights(err), why: `Cloud Build did not take the build:\n${complaint}${remedy}` };
}
