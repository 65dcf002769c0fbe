import { isBuiltin } from 'node:module';
import type { Metafile } from 'esbuild';
import type { Grant } from '../../eventarc/grants.ts';
import type { Deployable } from './deployables.ts';
import { chainTo } from './import-chain.ts';
import { loadedAtStart } from './loaded-at-start.ts';
import { isForDevelopment, packageFolderOf, packageOf } from './locked-packages.ts';

/** Something that a bundle must not contain, and how it came in. */
export interface Breach {
  readonly what: string;
  readonly because: string;
  /** From the start file to it, each importing the next. */
  readonly chain: readonly string[];
}

interface Rule {
  readonly because: string;
  /** @param isOutside whether it is imported and not contained: a module of Node's, or something that is not there */
  readonly forbids: (path: string, isOutside: boolean) => boolean;
  /** Forbidden only in what is read before any of it runs. */
  readonly isOfStart?: boolean;
}

/** Which right a package of Google's is for; a function without the right has no use for it, nor the weight to spare. */
const PACKAGE_FOR: Readonly<Record<string, (grant: Grant) => boolean>> = {
  '@google-cloud/firestore': ({ store }) => store !== 'none',
  '@google-cloud/firestore-api': ({ store }) => store !== 'none',
  '@google-cloud/pubsub': ({ publishes }) => publishes.length > 0,
  '@google-cloud/pubsub-api': ({ publishes }) => publishes.length > 0,
  '@google-cloud/run': ({ launches }) => launches,
  '@google-cloud/storage': ({ blobs }) => blobs.length > 0,
  '@google-cloud/secret-manager': ({ secrets }) => secrets.length > 0,
  '@google-cloud/monitoring': ({ gauges }) => gauges,
};

const below = (...folders: readonly string[]) => {
  const prefixes = folders.map((folder) => `${folder}/`);
  return (path: string): boolean => prefixes.some((prefix) => path.startsWith(prefix));
};
const inPackages = (pattern: RegExp) => (path: string) => pattern.test(packageOf(path) ?? '');

const EVERYWHERE: readonly Rule[] = [
  { because: 'it is only for one machine', forbids: below('local', 'emulators') },
  { because: 'it is only for developing', forbids: below('test', 'bench', 'scripts') },
  { because: 'its package is only for developing', forbids: (path) => isForDevelopment(packageFolderOf(path) ?? '') },
  { because: 'the embedded engine is only for one machine', forbids: (path) => path === 'node:sqlite' },
  { because: 'nothing outside the folder is there', forbids: (path, isOutside) => isOutside && !isBuiltin(path) },
];

const WHEN_NEEDED = { because: 'it is loaded when it is first needed, and not at the start', isOfStart: true };

const WORKERS: readonly Rule[] = [
  { because: 'a worker knows its door and nothing behind it', forbids: below('functions', 'cloud', 'eventarc') },
  {
    because: 'a worker has no rights at Google, and its start no time for it',
    forbids: inPackages(/^(@google-cloud\/|google-|@grpc\/|grpc)/),
  },
  { ...WHEN_NEEDED, forbids: (path) => packageOf(path) !== null },
];

const FUNCTIONS: readonly Rule[] = [
  { because: 'it runs on a GPU, and not here', forbids: below('gpu-job') },
  {
    ...WHEN_NEEDED,
    forbids: inPackages(/^(@google-cloud\/.*|google-gax|google-auth-library|gaxios|@grpc\/.*|express|undici)$/),
  },
];

function rulesOf({ grant }: Deployable): readonly Rule[] {
  if (grant === null) return [...EVERYWHERE, ...WORKERS];
  const ungranted = Object.entries(PACKAGE_FOR).filter(([, isGranted]) => !isGranted(grant));
  return [
    ...EVERYWHERE,
    ...FUNCTIONS,
    {
      because: 'eventarc/grants.ts gives this function no right that it is for',
      forbids: (path) => ungranted.some(([name]) => packageOf(path) === name),
    },
    {
      because: 'only who sends to addresses of users has what sends there',
      forbids: (path) => path === 'host/http.ts' && !grant.egress,
    },
    {
      because: 'scripts/build/rules.ts does not say which right it is for',
      forbids: (path) => {
        const name = packageOf(path) ?? '';
        return name.startsWith('@google-cloud/') && !(name in PACKAGE_FOR) && !SHARED.has(name);
      },
    },
  ];
}

/** Parts that clients share, and what serves. */
const SHARED = new Set([
  '@google-cloud/functions-framework',
  '@google-cloud/paginator',
  '@google-cloud/precise-date',
  '@google-cloud/projectify',
  '@google-cloud/promisify',
]);

/** Every rule that this bundle breaks, with the first file found that breaks it. */
export function breachesOf(deployable: Deployable, metafile: Metafile): Breach[] {
  const [all, atStart] = [containedIn(metafile), containedIn({ outputs: startOf(metafile) })];
  return rulesOf(deployable).flatMap(({ because, forbids, isOfStart }) => {
    const [what] =
      [...(isOfStart === true ? atStart : all)].find(([path, isOutside]) => forbids(path, isOutside)) ?? [];
    return what === undefined ? [] : [{ what, because, chain: chainTo(metafile, what) }];
  });
}

/** What ended up in the bundle, and what it imports from outside; types and what was shaken off do not count. */
function containedIn({ outputs }: Pick<Metafile, 'outputs'>): Map<string, boolean> {
  const contained = new Map<string, boolean>();
  for (const { inputs, imports } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput > 0) contained.set(path, false);
    for (const { path, external } of imports) if (external === true) contained.set(path, true);
  }
  return contained;
}

function startOf(metafile: Metafile): Metafile['outputs'] {
  const atStart = loadedAtStart(metafile);
  return Object.fromEntries(Object.entries(metafile.outputs).filter(([path]) => atStart.has(path)));
}
