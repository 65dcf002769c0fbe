import type { JobError } from '../../domain/contract/job.ts';
import type { Hide } from '../hide.ts';
import type { Stop } from '../stop.ts';

/** Where a run's news goes while it runs. */
export interface Sink {
  progress(fraction: number | null, message: string | null): void;
  metric(name: string, value: number): void;
  log(stream: 'stdout' | 'stderr', text: string): void;
}

export interface RunRequest {
  readonly job: string;
  readonly input: unknown;
  /** The job's own folder; gone when the job has ended. */
  readonly workdir: string;
  readonly sink: Sink;
  /** For what is quoted of the run in its error; what goes to the sink is hidden there. */
  readonly hide: Hide;
  readonly stop: Stop;
}

/** A file that a run made and wants kept. */
export interface MadeArtifact {
  readonly name: string;
  readonly path: string;
  readonly contentType: string;
}

/** `stopped`: the run ended because it was asked to; the reason is the asker's. */
export type RunResult =
  | { readonly kind: 'done'; readonly output: unknown; readonly artifacts: readonly MadeArtifact[] }
  | { readonly kind: 'failed'; readonly error: JobError }
  | { readonly kind: 'stopped' };

/** Runs a model, one job at a time. */
export interface Runner {
  /** Why it did not come up the last time it was started; null where it did, or was not tried yet. */
  readonly fault: StartupError | null;
  /** Ready for a job, started (again) if need be. @throws StartupError */
  ensureReady(signal: AbortSignal): Promise<void>;
  run(request: RunRequest): Promise<RunResult>;
  /** Ends what stays between jobs. */
  close(): Promise<void>;
}

/** Thrown when a model's program does not come up: the worker cannot run this model. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
