import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Run } from '../../scripts/deploy/commands.ts';
import { deploy, takeAway, type Deployment } from '../../scripts/deploy/deploy.ts';
import { readEnvironment } from '../../scripts/deploy/environment.ts';
import type { ImageVariable } from '../../scripts/deploy/found.ts';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { newFolder } from '../local/folder.ts';
import { answer, emptyProject, type CloudState } from './fake-cloud.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What `npm run deploy` is made of; the build is a stand-in, since nobody here needs what it makes. */
const PARTS = [
  'package.json',
  'eventarc/routes.ts',
  'functions/Dockerfile',
  'scripts/build/modes.ts',
  'scripts/deploy.ts',
  'scripts/deploy',
];

export const SETTINGS = { project: 'my-project', regions: ['us-central1', 'europe-west4'] };

/** A repository of its own, with a build that makes the least that a build makes: a folder for each image. */
export function newRepository(): string {
  const root = newFolder();
  for (const part of PARTS) cpSync(join(ROOT, part), join(root, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  write(root, 'terraform/envs/shared/main.tf', '');
  write(root, 'terraform/envs/dev/environment.tf', '');
  write(root, 'terraform/envs/dev/terraform.tfvars.json', JSON.stringify(SETTINGS));
  write(root, 'built.json', JSON.stringify(BUILT));
  write(
    root,
    'scripts/build.ts',
    `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
const files = JSON.parse(readFileSync('built.json', 'utf8')) as Record<string, string>;
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join('dist', path)), { recursive: true });
  writeFileSync(join('dist', path), text);
}
`,
  );
  return root;
}

export const BUILT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(FUNCTION_NAMES.map((name) => [`functions/${name}/main.mjs`, `// ${name}`])),
  'images/chemistry/Dockerfile': 'FROM scratch',
  'receiver/Dockerfile': 'FROM scratch',
  'pools.json': JSON.stringify({ chemistry: { max: 2, image: null }, bought: { max: 1, image: 'x@sha256:0' } }),
};

export function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

export interface Deployed {
  readonly lines: readonly string[];
  readonly error: Error | null;
}

/** Commands on a project that lies in memory. */
export const runOn =
  (root: string, state: CloudState): Run =>
  async ({ program, args }) => {
    if (program !== process.execPath) return answer(state, root, program, args);
    for (const [path, text] of Object.entries(builtOf(root))) write(root, `dist/${path}`, text);
    return { code: 0, out: '', err: '' };
  };

/** The flow in this process. */
export const deployTo = (root: string, state?: CloudState, more?: Partial<Deployment>): Promise<Deployed> =>
  through(deploy, root, state, more);

/** The way back. */
export const takenAway = (root: string, state?: CloudState, more?: Partial<Deployment>): Promise<Deployed> =>
  through(takeAway, root, state, more);

async function through(
  flow: (deployment: Deployment) => Promise<void>,
  root: string,
  state: CloudState = emptyProject(),
  more: Partial<Deployment> = {},
): Promise<Deployed> {
  const lines: string[] = [];
  const deployment: Deployment = {
    root,
    environment: readEnvironment(root, 'dev'),
    say: (line) => lines.push(line),
    run: runOn(root, state),
    ask: null,
    planOnly: false,
    allowDestroy: false,
    buildGlobally: false,
    pause: async () => undefined,
    ...more,
  };
  const error = await flow(deployment).then(
    () => null,
    (thrown: unknown) => thrown as Error,
  );
  return { lines, error };
}

const builtOf = (root: string): Record<string, string> =>
  JSON.parse(readFileSync(join(root, 'built.json'), 'utf8')) as Record<string, string>;

/** What Terraform is told. */
export const foundIn = (root: string): { images: ImageVariable; pools: unknown; prefix: string } =>
  JSON.parse(readFileSync(join(root, 'terraform/envs/dev/deploy.auto.tfvars.json'), 'utf8')) as never;

/** The words of a command that say what it is. */
export const verbOf = (call: string): string =>
  call.startsWith('gcloud')
    ? call
        .split(' ')
        .slice(0, 5)
        .filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('--'))
        .join(' ')
    : call
        .replace(/-chdir=\S+ /, '')
        .split(' ')
        .slice(0, 2)
        .filter((word) => !word.startsWith('-'))
        .join(' ') + ['-target', '-destroy'].map((flag) => (call.includes(` ${flag}`) ? ` ${flag}` : '')).join('');

/** What was run, in order. */
export const verbsIn = ({ calls }: CloudState): string[] => calls.map(verbOf);

/** A repository and a project after a first deployment, with no calls noted. */
export async function deployedOnce(): Promise<{ root: string; state: CloudState }> {
  const [root, state] = [newRepository(), emptyProject()];
  const { error } = await deployTo(root, state);
  if (error !== null) throw error;
  state.calls = [];
  return { root, state };
}

/** The commands that a section of docs/deploy.md shows. */
export function verbsShown(doc: string, section: string): string[] {
  const [, text = ''] = new RegExp(`^## ${section}\\n(.*?)^## `, 'ms').exec(doc) ?? [];
  return [...text.matchAll(/^\$ ((?:gcloud|terraform) .*)$/gm)].map(([, command = '']) => verbOf(command));
}
