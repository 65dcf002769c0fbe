import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClaimedJob, Outcome } from '../domain/contract/door.ts';
import type { Clock, Http, Log, Random } from '../domain/ports.ts';
import { uploadArtifacts } from './artifacts.ts';
import type { Door } from './door-client.ts';
import { DoorRejectedError, SessionRefusedError } from './door-errors.ts';
import { downloadFile } from './download-file.ts';
import { checkSecrets, hideIn, hiderOf, type Hide } from './hide.ts';
import { materialiseInput } from './input-files.ts';
import type { Ending } from './finish.ts';
import { JobFault, jobError } from './job-fault.ts';
import { outputFile } from './large-output.ts';
import type { PreparedModel } from './model-set.ts';
import type { PendingLines } from './pending-lines.ts';
import { Reporter } from './report.ts';
import { startupFailed } from './setup-log.ts';
import { StartupError, type MadeArtifact, type RunResult } from './runners/runner.ts';
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
  readonly setup: PendingLines;
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
): Promise<Ending | null> {
  const { clock, log, settings, workdirs } = deps;
  const hide = hiderOf(job);
  const reporter = new Reporter({
    job: job.id,
    attempt: job.attempt,
    clock,
    log,
    send: (report) => deps.door.report(report),
    everyMs: settings.reportEveryMs,
    quietEveryMs: settings.quietReportEveryMs,
    hide,
    maxPendingLines: settings.maxPendingLines,
    maxPendingBytes: settings.maxPendingBytes,
    setup: deps.setup,
    onCancel: () => stop.request('cancel', settings.killAfterMs),
    onLost: () => stop.request('lost', settings.killAfterMs),
    onRefused: deps.onRefused,
  });
  const callOffTimeout = clock.after(job.runTimeoutMs, () => stop.request('timeout', settings.killAfterMs));
  const workdir = await workdirs.make('job');
  try {
    const outcome = await attempt(job, prepared, stop, { workdir, reporter, hide }, deps);
    callOffTimeout();
    if (outcome !== null && stop.reason !== 'preempted') await reporter.flush();
    return outcome === null ? null : { outcome, ...reporter.unanswered };
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
  { model, missing, runner, judge }: PreparedModel,
  stop: Stop,
  { workdir, reporter, hide }: { readonly workdir: string; readonly reporter: Reporter; readonly hide: Hide },
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
    checkSecrets(job);
    const folder = join(workdir, 'input');
    await mkdir(folder);
    const materialised = materialiseInput(model.input, job.input, {
      folder,
      http,
      maxBytes: settings.maxInputFileBytes,
      timeoutMs: settings.inputFetchTimeoutMs,
      maxFileBytes: settings.maxJobFileBytes,
      files: job.files,
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
    const result: RunResult = await runner.run({ job: job.id, input, workdir, sink: reporter, hide, stop });
    if (result.kind === 'stopped') throw new Stopped();
    if (result.kind === 'failed') return result;
    const verdict = await judge(result.output);
    if (verdict.kind === 'fault') throw new JobFault('output_invalid', verdict.fault);
    const output = hideIn(result.output, hide);
    checkNames(result.artifacts, hide);
    const large = verdict.kind === 'large' ? await outputFile(output, workdir, result.artifacts) : null;
    const artifacts = await uploadArtifacts(large === null ? result.artifacts : [...result.artifacts, large], {
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
    const kept = large === null ? { output } : { output: null, outputArtifact: large.name };
    return { kind: 'succeeded', ...kept, artifacts, metrics: reporter.metrics };
  } catch (error) {
    if (error instanceof SessionRefusedError) throw error;
    if (stop.reason !== null) return stoppedAs(stop.reason, job);
    const message = hide((error as Error).message);
    if (error instanceof JobFault) return { kind: 'failed', error: jobError(error.kind, message) };
    // It was started (again) for this very job, so what it said stands there.
    if (error instanceof StartupError)
      return { kind: 'failed', error: startupFailed(message, job.id, reporter.hasSetup) };
    if (error instanceof DoorRejectedError && error.status === 404) return null;
    log.error('a job could not be run', { job: job.id, attempt: job.attempt, reason: message });
    return { kind: 'failed', error: jobError('worker_lost', `The worker could not run the job: ${message}`) };
  }
}

/** What a file is called is shown with the job. @throws JobFault output_invalid */
function checkNames(artifacts: readonly MadeArtifact[], hide: Hide): void {
  const shown = artifacts.flatMap(({ name, contentType }) => [name, contentType]);
  if (shown.every((text) => hide(text) === text)) return;
  throw new JobFault('output_invalid', 'An artifact has a secret of the input in its name or type.');
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
