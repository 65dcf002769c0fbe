import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { ROOT } from '../../scripts/build/bundle.ts';

/** What a Dockerfile makes, in a folder in the place of the image's root. */
export interface MadeImage {
  readonly from: readonly string[];
  readonly workdir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
}

/** One instruction and its words; lines that go on are joined, and comments left out. */
export function instructionsOf(dockerfile: string): [name: string, rest: string][] {
  const lines = dockerfile.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, ' ');
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()]);
}

/**
 * Does by hand what a Docker engine would do, for the instructions of gpu-job/Dockerfile: there is none where this is tested. Packages
 * come from this repository's node_modules, those that the context's lock names and no others. Users are not changed.
 * @throws for an instruction that it does not know
 */
export function makeImage(context: string, root: string): MadeImage {
  const from: string[] = [];
  let [workdir, user, entrypoint] = ['/', 'root', [] as string[]];
  const inside = (path: string): string => join(root, path.startsWith('/') ? path : join(workdir, path));
  for (const [name, rest] of instructionsOf(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    const words = rest.split(' ');
    switch (name) {
      case 'FROM':
        from.push(rest);
        break;
      case 'WORKDIR':
        workdir = rest;
        mkdirSync(inside('.'), { recursive: true });
        break;
      case 'COPY': {
        const to = words.at(-1) ?? '.';
        for (const one of words.slice(0, -1)) {
          const target = one === '.' ? inside(to) : join(inside(to), basename(one));
          cpSync(join(context, one), target, { recursive: true });
        }
        break;
      }
      case 'RUN':
        for (const command of rest.split(' && ')) runIn(inside('.'), command);
        break;
      case 'USER':
        user = rest;
        break;
      case 'ENTRYPOINT':
        entrypoint = JSON.parse(rest) as string[];
        break;
      default:
        throw new Error(`there is no ${name} in what this makes by hand`);
    }
  }
  return { from, workdir, user, entrypoint };
}

function runIn(cwd: string, command: string): void {
  const [program, ...args] = command.split(' ');
  if (command === 'npm ci --ignore-scripts') return install(cwd);
  // What is installed of Debian's is nothing that a job here needs.
  if (command === 'rm -rf /root/.npm' || command.startsWith('apt-get ') || command === 'rm -rf /var/lib/apt/lists/*')
    return;
  if (program === 'install') return void mkdirSync(join(cwd, args.at(-1) ?? ''));
  if (program !== 'node') throw new Error(`there is no ${command} in what this makes by hand`);
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, env: {}, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
}

function install(cwd: string): void {
  if (readdirSync(cwd).includes('node_modules'))
    throw new Error('npm ci is for a folder in which nothing is installed');
  const { packages } = JSON.parse(readFileSync(join(cwd, 'package-lock.json'), 'utf8')) as { packages: object };
  for (const folder of Object.keys(packages).filter((path) => path !== '')) {
    const from = join(ROOT, folder);
    cpSync(from, join(cwd, folder), { recursive: true, filter: (path) => path !== join(from, 'node_modules') });
  }
}
