import { MAX_ARTIFACTS } from '../../domain/contract/door.ts';
import { mkdir, opendir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Runner as Declared } from '../../domain/contract/model.ts';
import type { GuardedChild } from '../../host/child.ts';
import { contentTypeOf } from '../../domain/content-types.ts';
import { jobError } from '../job-fault.ts';
import { failureOf, withOutput, type Rules } from './failure.ts';
import { LineSplitter, parseBar, parseLine } from './lines.ts';
import { watchMemoryKills } from './memory-kills.ts';
import { cleanEnvironment, resolveProgram, type Processes } from './processes.ts';
import type { MadeArtifact, RunRequest, RunResult } from './runner.ts';
import { OutputTail } from './tail.ts';

/** Longer lines are cut: no line of a log or of the protocol needs more. */
const MAX_LINE = 64 * 1024;
/** Output is measured without white space later; a file may have this many times its bound. */
const WHITE_SPACE = 4;

export interface CommandOptions {
  readonly declared: Extract<Declared, { kind: 'command' }>;
  readonly rules: Rules;
  readonly folder: string;
  readonly maxOutputBytes: number;
  readonly processes: Processes;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Runs a command once; `createCommandRunner` says how. */
export async function runCommand(options: CommandOptions, request: RunRequest): Promise<RunResult> {
  const { workdir, stop } = request;
  const files = {
    input: join(workdir, 'input.json'),
    output: join(workdir, 'output.json'),
    artifacts: join(workdir, 'artifacts'),
  };
  await writeFile(files.input, JSON.stringify(request.input));
  await mkdir(files.artifacts, { recursive: true });
  if (stop.reason !== null) return { kind: 'stopped' };

  const { program, args } = resolveProgram(options.declared, options.folder, { ...files, model: options.folder });
  const killedForMemory = watchMemoryKills();
  const child = options.processes.start(program, args, workdir, {
    ...cleanEnvironment(options.environment, workdir),
    SLIPWAY_INPUT: files.input,
    SLIPWAY_OUTPUT: files.output,
    SLIPWAY_ARTIFACTS: files.artifacts,
  });
  const tail = new OutputTail();
  const announced = listen(child, request, tail);
  stop.polite.addEventListener('abort', () => child.kill('SIGTERM'));
  stop.hard.addEventListener('abort', () => child.kill('SIGKILL'));
  const exit = await child.exited;
  announced.end();

  if (stop.reason !== null) return { kind: 'stopped' };
  if (exit.code !== 0) return { kind: 'failed', error: failureOf(exit, options.rules, tail, killedForMemory) };
  return result(options, files, announced.artifacts, tail);
}

function listen(
  child: GuardedChild,
  { sink, workdir }: RunRequest,
  tail: OutputTail,
): { artifacts: MadeArtifact[]; end: () => void } {
  const artifacts: MadeArtifact[] = [];
  const out = new LineSplitter((line) => {
    const said = parseLine(line);
    switch (said.kind) {
      case 'progress':
        return sink.progress(said.fraction, said.message);
      case 'metric':
        return sink.metric(said.name, said.value);
      case 'artifact':
        if (artifacts.length <= MAX_ARTIFACTS) artifacts.push(madeArtifact(said, workdir));
        return;
      case 'log':
        return sink.log('stdout', said.text);
    }
  }, MAX_LINE);
  const err = new LineSplitter((line) => {
    const bar = parseBar(line);
    if (bar !== null) sink.progress(bar.fraction, bar.message);
    else sink.log('stderr', line);
  }, MAX_LINE);
  for (const [stream, lines] of [[child.stdout, out] as const, [child.stderr, err] as const]) {
    const keep = tail.stream();
    stream.on('data', (chunk: Buffer) => {
      keep(chunk);
      lines.push(chunk);
    });
  }
  return {
    artifacts,
    end: () => {
      out.end();
      err.end();
    },
  };
}

/** An artifact that a model named: a relative path is relative to the job's folder. */
export const madeArtifact = (
  said: { readonly name: string; readonly path: string; readonly contentType: string | null },
  workdir: string,
): MadeArtifact => ({
  name: said.name,
  path: resolve(workdir, said.path),
  contentType: said.contentType ?? contentTypeOf(said.name),
});

async function result(
  { maxOutputBytes, rules }: CommandOptions,
  files: { output: string; artifacts: string },
  announced: readonly MadeArtifact[],
  tail: OutputTail,
): Promise<RunResult> {
  const invalid = (message: string): RunResult => ({ kind: 'failed', error: jobError('output_invalid', message) });
  const written = await stat(files.output).catch(() => null);
  if (written?.isFile() !== true) {
    // Some programs exit 0 although they gave up: their rules know the words they say then.
    const error = rules(0, tail);
    if (error !== null) return { kind: 'failed', error };
    return invalid(withOutput('The program exited 0 but wrote no output file.', tail));
  }
  if (written.size > maxOutputBytes * WHITE_SPACE) {
    return invalid(`The output file has ${written.size} bytes; the model's bound is ${maxOutputBytes}.`);
  }
  let output: unknown;
  try {
    output = JSON.parse(await readFile(files.output, 'utf8'));
  } catch (error) {
    return invalid(`The output file is not JSON: ${(error as Error).message}`);
  }
  const named = new Set(announced.map((artifact) => artifact.path));
  const artifacts = [...announced];
  for await (const entry of await opendir(files.artifacts)) {
    const { name } = entry;
    if (entry.isDirectory()) return invalid(`The artifacts folder holds a folder, ${name}; only files are kept.`);
    const path = join(files.artifacts, name);
    if (!named.has(path)) artifacts.push({ name, path, contentType: contentTypeOf(name) });
    if (artifacts.length > MAX_ARTIFACTS) break;
  }
  return { kind: 'done', output, artifacts };
}
