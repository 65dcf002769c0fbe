import type { ClientHost } from '../host.ts';

/** Everything of the world that the command sees: client/main.ts makes it of a process, a test of what it likes. */
export interface Io extends ClientHost {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How wide the terminal is; undefined where stdout is none. */
  readonly columns: number | undefined;
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** Ends whatever is under way; its reason is an InterruptedError. */
  readonly signal: AbortSignal;
  readonly nodeVersion: string;
  readFile(path: string): Promise<string>;
  readStdin(): Promise<string>;
  /** Null where Google's emulators can be started here, else what is missing and what installs it. */
  missingForEmulators(): Promise<string | null>;
}

const USUAL_COLUMNS = 80;
const LEAST_COLUMNS = 40;

/** How wide a line may be. */
export const widthOf = ({ columns }: Pick<Io, 'columns'>): number => Math.max(LEAST_COLUMNS, columns ?? USUAL_COLUMNS);

/** Whether a line of stderr may be written over. */
export const canRedraw = ({ isTerminal, env }: Pick<Io, 'isTerminal' | 'env'>): boolean =>
  isTerminal.stderr && env['TERM'] !== 'dumb';

/** Whether colours may be used: on a terminal, unless somebody asked for none (no-color.org). */
export const hasColours = ({ isTerminal, env }: Pick<Io, 'isTerminal' | 'env'>): boolean =>
  isTerminal.stdout && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
