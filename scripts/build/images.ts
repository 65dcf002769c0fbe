import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { MODEL_FILE, POOLS_FILE } from '../../gpu-job/models/model-folders.ts';
import { ROOT } from './bundle.ts';
import { lockOf } from './locked-packages.ts';
import { filesIn } from './files-in.ts';
import { importsOf } from './model-imports.ts';
import type { BuiltModels, BuiltPool } from './model-files.ts';

/** The Docker context of a pool's image, but for the worker's program: each file's path in it, and what it is copied from or says. */
export type Context = ReadonlyMap<string, { readonly copyOf: string } | { readonly text: string }>;

/** Where a context has the worker's program, with the models in the folder beside it that is the worker's default. */
export const WORKER_FOLDER = 'gpu-job';
const MODELS_FOLDER = `${WORKER_FOLDER}/models`;
const CODE = /\.(?:[cm]?ts|[cm]?js)$/;
const COMMON_DOCKERFILE = join(ROOT, 'gpu-job/Dockerfile');
const IN_COMMON_IMAGE = new Set(['node', 'sh']);

type Member = BuiltPool['models'][number];

/** The contexts of all pools that have no image yet, by their names, and what stands against them. */
export async function contextsOf(
  built: BuiltModels,
): Promise<{ readonly contexts: ReadonlyMap<string, Context>; readonly faults: readonly string[] }> {
  const contexts = new Map<string, Context>();
  const faults: string[] = [];
  for (const pool of built.pools) {
    if (pool.pool.image !== undefined) continue;
    const fault = (message: string): void => void faults.push(`the image of the pool ${pool.pool.name}: ${message}`);
    contexts.set(pool.pool.name, await contextOf(pool, built.folders, fault));
  }
  return { contexts, faults };
}

async function contextOf(
  { dockerfile, rows, models }: BuiltPool,
  modelFolders: readonly string[],
  fault: (message: string) => void,
): Promise<Context> {
  const context = new Map<string, { copyOf: string } | { text: string }>();
  const put = (path: string, copyOf: string): void => {
    const there = context.get(path);
    if (there !== undefined && (!('copyOf' in there) || there.copyOf !== copyOf)) {
      fault(`${copyOf} and another file would both be ${path}; name one of them otherwise`);
    }
    context.set(path, { copyOf });
  };

  const programs: string[] = [];
  for (const member of models) {
    const { model, folder } = member;
    const paths = filesIn(folder, fault);
    for (const path of paths) put(`${MODELS_FOLDER}/${model.name}/${path}`, join(folder, path));
    programs.push(...programsOf(member, paths));
    if (dockerfile !== null) continue;
    for (const program of missingIn(member)) {
      fault(
        `${join(folder, MODEL_FILE)} names ${program}, which gpu-job/Dockerfile does not install: give the pool a ` +
          '"dockerfile" that does, or name a path in the folder',
      );
    }
  }
  if (rows !== null) put(`${MODELS_FOLDER}/${POOLS_FILE}`, rows);

  const { files, packages, unknown } = await importsOf(programs);
  for (const [file, imported] of files) {
    const place = placeOf(file, modelFolders);
    if (place === null) continue;
    put(place, file);
    for (const one of imported) {
      const there = placeOf(one, modelFolders);
      const isSameWay = there !== null && relative(dirname(place), there) === relative(dirname(file), one);
      if (!isSameWay)
        fault(`${file} imports ${one}, which would not lie there in the image; bring it into its folder of models`);
    }
  }
  if (dockerfile === null) {
    for (const [name, file] of unknown) {
      fault(`${file} imports ${name}, which is not in package.json: give the pool a "dockerfile" that installs it`);
    }
  }
  const { manifest, lock } = lockOf(packages);
  context.set('package.json', { text: json(manifest) });
  context.set('package-lock.json', { text: json(lock) });
  const copyOf = dockerfile ?? COMMON_DOCKERFILE;
  context.set('Dockerfile', { copyOf });
  if (!existsSync(copyOf)) fault(`there is no ${copyOf}, which ${rows ?? POOLS_FILE} names`);
  return context;
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** What Node may run of a model; other programs bring what they need in their folder, or in the image of their pool. */
function programsOf({ model, folder }: Member, paths: readonly string[]): string[] {
  if (model.runner.program !== 'node') return [];
  return paths.filter((path) => CODE.test(path)).map((path) => join(folder, path));
}

/** What a model starts and requires that neither the common image has nor its folder. */
function missingIn({ model: { runner, requires } }: Member): string[] {
  const programs = [runner.program, ...requires.map(({ program }) => program)];
  return [...new Set(programs)].filter((program) => !program.includes('/') && !IN_COMMON_IMAGE.has(program));
}

/** Where a file lies in a context: models and what lies beside them together, ours as in the repository; null for any other. */
function placeOf(file: string, modelFolders: readonly string[]): string | null {
  const below = (folder: string): string | null =>
    file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : null;
  for (const folder of [...modelFolders].sort((a, b) => b.length - a.length)) {
    const path = below(folder);
    if (path !== null) return `${MODELS_FOLDER}/${path}`;
  }
  return below(ROOT);
}
