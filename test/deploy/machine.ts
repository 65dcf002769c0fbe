import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newFolder } from '../local/folder.ts';
import { emptyProject, type CloudState } from './fake-cloud.ts';
import { newRepository } from './rig.ts';

const STAND_IN = join(import.meta.dirname, 'stand-in.ts');

interface Started {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `npm run deploy` in a repository of its own, with stand-ins first on PATH. */
export class Machine {
  readonly root = newRepository();
  readonly tmp = newFolder();
  readonly #bin = newFolder();
  readonly #state = join(this.#bin, 'state.json');

  constructor(programs: readonly string[] = ['gcloud', 'terraform']) {
    for (const program of programs) {
      const script = `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${STAND_IN}' ${program} "$@"\n`;
      writeFileSync(join(this.#bin, program), script);
      chmodSync(join(this.#bin, program), 0o755);
    }
    this.keep(emptyProject());
  }

  keep(state: CloudState): void {
    writeFileSync(this.#state, JSON.stringify(state));
  }

  state(): CloudState {
    return JSON.parse(readFileSync(this.#state, 'utf8')) as CloudState;
  }

  /** @param path what is on PATH behind the stand-ins */
  async deploy(
    args: readonly string[],
    { env = {}, path = '/usr/bin:/bin', onLine = () => undefined }: Given = {},
  ): Promise<Started> {
    const child = spawn(process.execPath, ['scripts/deploy.ts', ...args], {
      cwd: this.root,
      env: { PATH: `${this.#bin}:${path}`, HOME: this.tmp, TMPDIR: this.tmp, STAND_IN_STATE: this.#state, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    createInterface({ input: child.stdout }).on('line', (line) => {
      out += `${line}\n`;
      onLine(line, () => child.kill('SIGINT'));
    });
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }
}

interface Given {
  readonly env?: Record<string, string>;
  readonly path?: string;
  readonly onLine?: (line: string, interrupt: () => void) => void;
}

/** Deploys, and asks nobody. */
export const DEV = ['--env', 'dev', '--yes'];
