import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ran } from '../../scripts/deploy/commands.ts';

/** What is kept of a project between commands; plain, so that it can lie in a file. */
export interface CloudState {
  bucket: 'none' | 'made' | 'versioned';
  /** The number of the project that it is of. */
  bucketOwner: string;
  registry: boolean;
  /** Digests by `image:tag`. */
  images: Record<string, string>;
  /** Cloud Build's, the newest first. */
  builds: { id: string; tags: string[]; status: string; steps: { id: string; exitCode: number }[] }[];
  /** What becomes of the steps of the next builds: an exit code that is not 0 by the image, for so many times. */
  steps: Record<string, { exitCode: number; times: number }>;
  /** What the last apply of everything was given. */
  applied: string | null;
  /** What Terraform knows. */
  known: string[];
  /** What the next plans hold, beside one thing that is made. */
  changes: object[];
  /** Each command that came, its arguments joined. */
  calls: string[];
  /** Whatever begins so fails the first `times` times, saying this. */
  faults: { begins: string; err: string; times: number; code?: number }[];
}

export const PROJECT_NUMBER = '123456789012';

export const emptyProject = (): CloudState => ({
  bucket: 'none',
  bucketOwner: PROJECT_NUMBER,
  registry: false,
  images: {},
  builds: [],
  steps: {},
  applied: null,
  known: [],
  changes: [],
  calls: [],
  faults: [],
});

export const TOKEN = 'ya29.nobody-must-see-this';

const ok = (out = ''): Ran => ({ code: 0, out, err: '' });
const fails = (err: string, code = 1): Ran => ({ code, out: '', err: `ERROR: (gcloud) ${err}` });

/** A stand-in for gcloud and Terraform on one project: it keeps what they make, and refuses what comes too early. @param cwd the repository */
export function answer(state: CloudState, cwd: string, program: string, args: readonly string[]): Ran {
  const line = [program, ...args].join(' ');
  state.calls.push(line);
  const fault = state.faults.find(({ begins, times }) => times > 0 && line.startsWith(begins));
  if (fault !== undefined) {
    fault.times -= 1;
    return { code: fault.code ?? 1, out: '', err: fault.err };
  }
  return program === 'gcloud' ? gcloud(state, args) : terraform(state, cwd, args);
}

function gcloud(state: CloudState, args: readonly string[]): Ran {
  const line = args.join(' ');
  const is = (begin: string): boolean => line.startsWith(begin);
  if (is('--version')) return ok('Google Cloud SDK 528.0.0');
  if (is('auth ')) return ok(`${TOKEN}\n`);
  if (is('projects describe')) return ok(line.includes('projectNumber') ? `ACTIVE\t${PROJECT_NUMBER}\n` : 'ACTIVE\n');
  if (is('billing projects describe')) return ok('True\n');
  if (is('services enable')) return ok();
  if (is('storage buckets describe')) {
    if (state.bucket === 'none') return fails(`${args[3]} not found: 404.`);
    // Raw, it is as the API has it.
    if (!args.includes('--raw')) return ok(JSON.stringify({ versioning_enabled: state.bucket === 'versioned' }));
    const versioning = state.bucket === 'versioned' ? { versioning: { enabled: true } } : {};
    return ok(JSON.stringify({ name: 'x', projectNumber: state.bucketOwner || undefined, ...versioning }));
  }
  if (is('storage buckets create')) {
    if (state.bucket !== 'none') return fails('HTTPError 409: you own it already');
    state.bucket = 'made';
    return ok();
  }
  if (is('storage buckets update')) {
    state.bucket = 'versioned';
    return ok();
  }
  if (is('artifacts docker images list')) {
    if (!state.registry) return fails('NOT_FOUND: Requested entity was not found.');
    const images = Object.entries(state.images).map(([key, version]) => {
      const [image = '', tag = ''] = key.split(':');
      return { package: `${args[4]}/${image}`, version, tags: [tag] };
    });
    return ok(JSON.stringify(images));
  }
  if (is('builds list')) {
    const tag = args.find((arg) => arg.startsWith('--filter=tags='))?.slice('--filter=tags='.length) ?? '';
    return ok(JSON.stringify(state.builds.filter(({ tags }) => tags.includes(tag))));
  }
  return is('builds submit') ? build(state, args) : fails(`the stand-in knows no ${line}`);
}

const STEP = /^docker build --tag (\S+) (\S+) \|\| exit \d+; docker push (\S+) \|\| exit \d+$/;

/** Each image of the configuration, where its context was sent along, and no other; a tag that is there refuses what is pushed. */
function build(state: CloudState, args: readonly string[]): Ran {
  if (!state.registry) return fails('there is no repository to push to');
  const source = args[2] ?? '';
  const file = args.find((arg) => arg.startsWith('--config='))?.slice('--config='.length) ?? '';
  const { steps, tags } = JSON.parse(readFileSync(file, 'utf8')) as {
    steps: { id: string; args: string[] }[];
    tags: string[];
  };
  const done = steps.map(({ id, args: [, script = ''] }) => {
    const [, tag = '', context = '', pushed] = STEP.exec(script) ?? [];
    const fault = state.steps[id];
    if (fault !== undefined && fault.times > 0) {
      fault.times -= 1;
      return { id, exitCode: fault.exitCode };
    }
    if (tag !== pushed || !existsSync(join(source, context, 'Dockerfile'))) return { id, exitCode: 10 };
    const key = tag.slice(tag.lastIndexOf('/') + 1);
    if (key in state.images) return { id, exitCode: 11 };
    state.images[key] = `sha256:${key.slice(key.indexOf(':') + 1).repeat(4)}`;
    return { id, exitCode: 0 };
  });
  const sent = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('Dockerfile'));
  if (sent.length !== steps.length) return fails(`${sent.join(', ')} were sent for ${steps.length} images`);
  state.builds.unshift({ id: `build-${state.builds.length}`, tags, status: 'SUCCESS', steps: done });
  return ok();
}

const CHANGES = 2;

function terraform(state: CloudState, cwd: string, args: readonly string[]): Ran {
  const [chdir = '', command, ...rest] = args;
  if (chdir === 'version') return ok(JSON.stringify({ terraform_version: '1.11.4' }));
  const folder = join(cwd, chdir.replace('-chdir=', ''));
  const found = (): string => readFileSync(join(folder, 'deploy.auto.tfvars.json'), 'utf8');
  if (command === 'init') return state.bucket === 'none' ? fails('the bucket is not there') : ok();
  if (command === 'plan') {
    const out = rest.find((arg) => arg.startsWith('-out='))?.slice('-out='.length) ?? '';
    const isPart = rest.some((arg) => arg.startsWith('-target='));
    if (rest.includes('-destroy')) {
      const given = rest.find((arg) => arg.startsWith('-var-file='))?.slice('-var-file='.length) ?? '';
      const { prefix, images } = JSON.parse(readFileSync(given, 'utf8')) as { prefix?: string; images?: object };
      if (prefix === undefined || images === undefined) return fails('a variable has no value');
      writeFileSync(out, 'destroy');
      return { ...ok(), code: state.known.length === 0 ? 0 : CHANGES };
    }
    writeFileSync(out, isPart ? 'registry' : found());
    return { ...ok(), code: (isPart ? state.registry : state.applied === found()) ? 0 : CHANGES };
  }
  if (command === 'show') {
    const change = { address: 'module.slipway.x', change: { actions: ['create'] } };
    return ok(JSON.stringify({ resource_changes: [change, ...state.changes] }));
  }
  if (command === 'apply') {
    const plan = readFileSync(rest.at(-1) ?? '', 'utf8');
    const project = 'module.slipway.module.project.google_project_service.this["run.googleapis.com"]';
    if (plan === 'destroy') {
      if (state.known.includes(project)) return fails('the APIs of other deployments would be disabled');
      Object.assign(state, { known: [], registry: false, applied: null, images: {} });
    } else {
      state.known = [project, 'module.slipway.module.registry.google_artifact_registry_repository.this'];
      if (plan === 'registry') state.registry = true;
      else state.applied = plan;
    }
    return ok();
  }
  if (command === 'state') {
    if (rest[0] === 'list')
      return state.known.length === 0 ? fails('No state file was found!') : ok(state.known.join('\n'));
    state.known = state.known.filter((address) => !address.startsWith(`${rest.at(-1)}.`));
    return ok();
  }
  const value = (text: unknown): { value: unknown } => ({ value: text });
  return ok(
    JSON.stringify({
      api_url: value('https://slipway-dev-api-1.us-central1.run.app'),
      first_key_command: value('npm run --silent first-key -- --project my-project --tenant ops'),
      receiver_url: value('https://slipway-dev-receiver-1.us-central1.run.app'),
      topics: value({ requests: {}, rejections: 'projects/my-project/topics/slipway-dev-job-rejections', events: {} }),
    }),
  );
}
