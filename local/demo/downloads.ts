import type { JobResource } from '../../domain/contract/http.ts';
import { DemoFailure } from './failure.ts';
import type { Named } from './jobs.ts';

/** An artifact that was fetched. `width` and `height` in pixels where it is a PNG, else null. */
export interface Downloaded {
  readonly job: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly image: { readonly width: number; readonly height: number } | null;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Fetches every artifact of these jobs once, by its signed URL and without the API key.
 * @throws DemoFailure naming the first that is not there, is cut off, or is not what its type says
 */
export async function download(jobs: readonly Named[], signal: AbortSignal): Promise<Downloaded[]> {
  const all = jobs.flatMap(({ name, job }) => job.artifacts.map((artifact) => ({ job: name, artifact })));
  return Promise.all(all.map(({ job, artifact }) => fetchOne(job, artifact, signal)));
}

async function fetchOne(
  job: string,
  { name, url, contentType, sizeBytes }: JobResource['artifacts'][number],
  signal: AbortSignal,
): Promise<Downloaded> {
  const response = await fetch(url, { signal });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new DemoFailure(`The artifact ${name} of ${job} answered ${response.status}.`);
  if (bytes.length !== sizeBytes) {
    throw new DemoFailure(`The artifact ${name} of ${job} has ${bytes.length} bytes instead of ${sizeBytes}.`);
  }
  const image = contentType === 'image/png' ? pngSize(bytes) : null;
  if (contentType === 'image/png' && image === null) {
    throw new DemoFailure(`The artifact ${name} of ${job} is no PNG.`);
  }
  return { job, name, sizeBytes, image };
}

/** The size in a PNG's first chunk, IHDR (PNG specification, 11.2.1); null for what is no PNG. */
export function pngSize(bytes: Buffer): { width: number; height: number } | null {
  const isPng =
    bytes.length >= 24 && bytes.subarray(0, 8).equals(PNG_SIGNATURE) && bytes.toString('latin1', 12, 16) === 'IHDR';
  return isPng ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : null;
}
