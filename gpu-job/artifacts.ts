import { open, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { request } from 'undici';
import { MAX_ARTIFACTS, ArtifactRequest } from '../domain/contract/door.ts';
import type { Artifact } from '../domain/contract/job.ts';
import type { Clock, Random } from '../domain/ports.ts';
import type { Door } from './door-client.ts';
import { DoorRejectedError, isPassing } from './door-errors.ts';
import { JobFault } from './job-fault.ts';
import type { MadeArtifact } from './runners/runner.ts';
import { sleep } from './wait.ts';

const AT_ONCE = 4;

export interface UploadOptions {
  readonly job: string;
  readonly attempt: number;
  readonly workdir: string;
  readonly maxBytes: number;
  readonly door: Pick<Door, 'artifact'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly tries: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

interface Checked {
  readonly path: string;
  readonly request: ArtifactRequest;
}

/** What of a request the run itself has chosen. */
const OfItself = ArtifactRequest.pick({ name: true, contentType: true, sizeBytes: true });

/**
 * Uploads what a run made, each file with a URL that the door signs for it. Nothing is uploaded unless all may be. Empty
 * files are left out: there is nothing to keep.
 * @throws JobFault output_invalid for a file that may not be kept, worker_lost where the storage cannot be reached
 */
export async function uploadArtifacts(made: readonly MadeArtifact[], options: UploadOptions): Promise<Artifact[]> {
  if (made.length > MAX_ARTIFACTS) {
    throw new JobFault(
      'output_invalid',
      `The run made more than ${MAX_ARTIFACTS} artifacts; pack them into fewer files.`,
    );
  }
  const names = new Set<string>();
  const checked: Checked[] = [];
  for (const artifact of made) {
    if (names.has(artifact.name))
      throw new JobFault('output_invalid', `There are two artifacts named ${artifact.name}.`);
    names.add(artifact.name);
    const fit = await check(artifact, options);
    if (fit !== null) checked.push(fit);
  }
  const stored: Artifact[] = [];
  const work = checked.entries();
  const uploader = async (): Promise<void> => {
    for (const [index, each] of work) stored[index] = await upload(each, options);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, uploader));
  return stored;
}

async function check(made: MadeArtifact, { job, attempt, workdir, maxBytes }: UploadOptions): Promise<Checked | null> {
  const invalid = (why: string): JobFault => new JobFault('output_invalid', `Artifact ${made.name}: ${why}.`);
  // A model may be a link away from any file of this machine, so only the real path counts.
  const path = await realpath(made.path).catch(() => null);
  if (path === null) throw invalid('there is no such file');
  if (!path.startsWith((await realpath(workdir)) + sep)) throw invalid("the file is not inside the job's folder");
  const { size } = await stat(path).then((found) => {
    if (!found.isFile()) throw invalid('it is not a file');
    return found;
  });
  if (size > maxBytes) throw invalid(`it has ${size} bytes; the model's bound is ${maxBytes}`);
  if (size === 0) return null;
  const parsed = OfItself.safeParse({ name: made.name, contentType: made.contentType, sizeBytes: size });
  if (!parsed.success)
    throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return { path, request: { job, attempt, ...parsed.data } };
}

async function upload({ path, request: wanted }: Checked, options: UploadOptions): Promise<Artifact> {
  let unclear = false;
  let why = '';
  for (let tries = 0; tries < options.tries; tries += 1) {
    if (tries > 0) await sleep(options.clock, 500 * 2 ** tries * (0.5 + options.random.unit() / 2), options.signal);
    options.signal.throwIfAborted();
    try {
      const signed = await options.door.artifact(wanted);
      const status = await put(signed, path, wanted.sizeBytes, options);
      // The storage takes an object once: after a try without an answer, "it is there" means that one arrived.
      if ((status >= 200 && status <= 299) || (unclear && status === 412)) {
        return { name: wanted.name, contentType: wanted.contentType, sizeBytes: wanted.sizeBytes, path: signed.path };
      }
      why = `the storage answered ${status}`;
    } catch (error) {
      if (error instanceof DoorRejectedError && error.status === 422)
        throw new JobFault('output_invalid', error.message);
      if (!isPassing(error) && !(error instanceof UploadFailure)) throw error;
      unclear ||= error instanceof UploadFailure;
      why = (error as Error).message;
    }
  }
  throw new JobFault('worker_lost', `Artifact ${wanted.name} could not be uploaded: ${why}.`);
}

class UploadFailure extends Error {
  override readonly name = 'UploadFailure';
}

async function put(
  signed: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  path: string,
  sizeBytes: number,
  { timeoutMs, signal }: UploadOptions,
): Promise<number> {
  const file = await open(path);
  try {
    const { statusCode, body } = await request(signed.url, {
      method: 'PUT',
      headers: { 'content-length': String(sizeBytes), ...lowerCased(signed.headers) },
      body: file.createReadStream({ autoClose: false }),
      headersTimeout: 0,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await body.dump();
    return statusCode;
  } catch (error) {
    signal.throwIfAborted();
    throw new UploadFailure((error as Error).message);
  } finally {
    await file.close();
  }
}

const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
