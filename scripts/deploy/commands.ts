import { spawn } from 'node:child_process';
import { Interrupted } from './errors.ts';

/** A program that is run, `args` as they are: no shell reads them. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Beside what every command is told. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether its output goes to the terminal as it comes, and is not kept: what takes long, and what a person has to read. */
  readonly isShown?: boolean;
  /** Of what is shown: whether what it complains of is kept all the same, to be judged. */
  readonly isErrKept?: boolean;
}

export interface Ran {
  /** 127 where there is no such program. */
  readonly code: number;
  /** Empty for a command that is shown. */
  readonly out: string;
  /** Empty for a command that is shown, unless it is kept. */
  readonly err: string;
}

/** Runs a command to its end, having said which. @throws Interrupted */
export type Run = (command: Command) => Promise<Ran>;

export interface SystemCommands {
  readonly run: Run;
  /** Ends what runs as Ctrl-C would, and lets nothing else be run. */
  interrupt(): void;
}

/** One Ctrl-C comes twice, from the terminal and from npm; Terraform takes a second one as the wish to drop everything at once. */
const SAME_CTRL_C_MS = 1_000;

/**
 * Commands of this machine. Each has a process group of its own, so that an interrupt reaches it once and through `interrupt`
 * alone, and so that Terraform still ends its work and gives its lock back where the terminal is gone.
 */
export function systemCommands(options: {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}): SystemCommands {
  const groups = new Set<number>();
  let interruptedAtMs: number | null = null;

  const run: Run = ({ program, args, env = {}, isShown = false, isErrKept = false }) => {
    const line = lineOf({ program, args, env });
    if (interruptedAtMs !== null) return Promise.reject(new Interrupted(`Interrupted before: ${line}`));
    options.say(`$ ${line}`);
    const output = isShown ? 'inherit' : 'pipe';
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: { ...options.env, ...env },
      detached: true,
      stdio: ['ignore', output, isErrKept ? 'pipe' : output],
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr?.on('data', (bytes: Buffer) => {
      err.push(bytes);
      if (isShown) process.stderr.write(bytes);
    });
    const { pid } = child;
    if (pid !== undefined) groups.add(pid);
    return new Promise<Ran>((resolve, reject) => {
      child.once('error', ({ message }) => resolve({ code: 127, out: '', err: message }));
      child.once('close', (code) => {
        if (pid !== undefined) groups.delete(pid);
        if (interruptedAtMs !== null) return reject(new Interrupted(`Interrupted in: ${line}`));
        resolve({ code: code ?? 1, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() });
      });
    });
  };

  const interrupt = (): void => {
    const nowMs = performance.now();
    if (interruptedAtMs !== null && nowMs - interruptedAtMs < SAME_CTRL_C_MS) return;
    interruptedAtMs = nowMs;
    if (groups.size > 0) options.say('Interrupted: what runs is told to end, and waited for. Once more is harder.');
    for (const group of groups) {
      try {
        process.kill(-group, 'SIGINT');
      } catch {
        // It has just ended.
      }
    }
  };
  return { run, interrupt };
}

const PLAIN = /^[\w@%+=:,./-]+$/;

const quoted = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** A command as it can be typed. */
export const lineOf = ({ program, args, env = {} }: Pick<Command, 'program' | 'args' | 'env'>): string =>
  [...Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`), ...[program, ...args].map(quoted)].join(
    ' ',
  );
