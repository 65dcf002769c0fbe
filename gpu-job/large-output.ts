import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MadeArtifact } from './runners/runner.ts';

/**
 * Writes an output that is too large for its job into a file of the job's folder, to be kept as an artifact.
 * @param others what the run made itself, whose names are taken
 */
export async function outputFile(
  output: unknown,
  workdir: string,
  others: readonly MadeArtifact[],
): Promise<MadeArtifact> {
  // A folder that is new: in one that the model knows there may be a link that leads elsewhere.
  const path = join(await mkdtemp(join(workdir, 'large-')), 'output.json');
  await writeFile(path, JSON.stringify(output));
  const taken = new Set(others.map(({ name }) => name));
  let name = 'output.json';
  for (let n = 1; taken.has(name); n += 1) name = `output-${n}.json`;
  return { name, path, contentType: 'application/json' };
}
