import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClaimedJob, Outcome } from '../domain/contract/door.ts';
import type { Clock, Http, Log, Random } from '../domain/ports.ts';
import { uploadArtifacts } from './artifacts.ts';
import type { Door } from './door-client.ts';
import { DoorRejectedError, SessionRefusedError } from './door-errors.ts';
import { downloadFile } from './download-file.ts';
import { materialiseInput } from './input-files.ts';
import { JobFault, jobError } from './job-fault.ts';
import type { PreparedModel } from './model-set.ts';
import { Reporter } from './report.ts';
import { StartupError, type RunResult } from './runners/runner.ts';
import type { WorkerSettings } from './settings.ts';
import type { Stop } from './stop.ts';
import { stoppedAs } from './stopped.ts';
import type { Workdirs } from './workdirs.ts';

export interface RunJobDeps {
  readonly door: Door;
  readonly http: Pick<Http, 'send'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: WorkerSettings;
  readonly workdirs: Workdirs;
  readonly onRefused: () => void;
}

/**
 * Runs one job from its input to its outcome, reporting all the while. Whatever happens, its folder is gone afterwards.
 * @returns what to finish it with; null where it is no longer this worker's
 * @throws SessionRefusedError
 */
export async function runJob(
  job: ClaimedJob,
  prepared: PreparedModel,
  stop: Stop,
  deps: RunJobDeps,
): Promise<Outcome | null> {
  const { clock, log, settings, workdirs } = deps;
  const reporter = new Reporter({
    job: job.id,
    attempt: job.attempt,
    clock,
    log,
    send: (report) => deps.door.report(report),
    everyMs: settings.reportEveryMs,
    quietEveryMs: settings.quietReportEveryMs,
    maxPendingLines: settings.maxPendingLines,
    maxPendingBytes: settings.maxPendingBytes,
    onCancel: () => stop.request('cancel', settings.killAfterMs),
    onLost: () => stop.request('lost', settings.killAfterMs),
    onRefused: deps.onRefused,
  });
  const callOffTimeout = clock.after(job.runTimeoutMs, () => stop.request('timeout', settings.killAfterMs));
  const workdir = await workdirs.make('job');
  try {
    const outcome = await attempt(job, prepared, stop, workdir, reporter, deps);
    callOffTimeout();
    if (outcome !== null && stop.reason !== 'preempted') await reporter.flush();
    return outcome;
  } finally {
    callOffTimeout();
    reporter.close();
    stop.close();
    // The outcome does not wait for this; what a worker leaves behind when it goes is removed then.
    workdirs.remove(workdir).catch((error: Error) => log.error("a job's folder stays", { reason: error.message }));
  }
}

async function attempt(
  job: ClaimedJob,
  { model, missing, runner, faultOf }: PreparedModel,
  stop: Stop,
  workdir: string,
  reporter: Reporter,
  deps: RunJobDeps,
): Promise<Outcome | null> {
  const { door, http, clock, random, log, settings } = deps;
  try {
    const [lacks] = missing;
    if (lacks !== undefined) {
      throw new JobFault(
        'startup_failed',
        `This worker lacks ${lacks.program}, which model ${model.name} needs: ${lacks.install}`,
      );
    }
    const folder = join(workdir, 'input');
    await mkdir(folder);
    const materialised = materialiseInput(model.input, job.input, {
      folder,
      http,
      maxBytes: settings.maxInputFileBytes,
      timeoutMs: settings.inputFetchTimeoutMs,
      files: job.files ?? [],
      download: (file, path, invalid) =>
        downloadFile(file, path, invalid, {
          clock,
          random,
          tries: settings.downloadTries,
          timeoutMs: settings.downloadTimeoutMs,
          signal: stop.polite,
        }),
    });
    const input = await orStopped(materialised, stop);
    const result: RunResult = await runner.run({ job: job.id, input, workdir, sink: reporter, stop });
    if (result.kind === 'stopped') throw new Stopped();
    if (result.kind === 'failed') return result;
    const fault = await faultOf(result.output);
    if (fault !== null) throw new JobFault('output_invalid', fault);
    const artifacts = await uploadArtifacts(result.artifacts, {
      job: job.id,
      attempt: job.attempt,
      workdir,
      maxBytes: model.limits.maxArtifactBytes,
      door,
      clock,
      random,
      tries: settings.uploadTries,
      timeoutMs: settings.uploadTimeoutMs,
      signal: stop.polite,
    });
    return { kind: 'succeeded', output: result.output, artifacts, metrics: reporter.metrics };
  } catch (error) {
    if (error instanceof SessionRefusedError) throw error;
    if (stop.reason !== null) return stoppedAs(stop.reason, job);
    if (error instanceof JobFault) return { kind: 'failed', error: error.jobError };
    if (error instanceof StartupError) return { kind: 'failed', error: jobError('startup_failed', error.message) };
    if (error instanceof DoorRejectedError && error.status === 404) return null;
    log.error('a job could not be run', { job: job.id, attempt: job.attempt, reason: (error as Error).message });
    return {
      kind: 'failed',
      error: jobError('worker_lost', `The worker could not run the job: ${(error as Error).message}`),
    };
  }
}

class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** A wait that a stop cuts short; what is waited for goes on unheard. */
function orStopped<T>(wait: Promise<T>, { polite }: Stop): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => reject(new Stopped());
    if (polite.aborted) stopped();
    polite.addEventListener('abort', stopped, { once: true });
    wait.then(resolve, reject).finally(() => polite.removeEventListener('abort', stopped));
  });
}
