import type { ClientHost } from '../host.ts';

/** Everything of the world that the command sees: client/main.ts makes it of a process, a test of what it likes. */
export interface Io extends ClientHost {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How wide the terminal is; undefined where stdout is none. */
  readonly columns: number | undefined;
  /** How wide the terminal of stderr is just now; where nobody says, as wide as that of stdout. */
  stderrColumns?(): number | undefined;
  /** Slipway's own. */
  readonly version: string;
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** Ends whatever is under way; its reason is an InterruptedError. */
  readonly signal: AbortSignal;
  readonly nodeVersion: string;
  readFile(path: string): Promise<string>;
  /** A file as it lies there, read only when its content is asked for. */
  openFile(path: string): Promise<Blob>;
  readStdin(): Promise<string>;
  /** Null where Google's emulators can be started here, else what is missing and what installs it. */
  missingForEmulators(): Promise<string | null>;
}

const USUAL_COLUMNS = 80;
const LEAST_COLUMNS = 40;

/** How wide a line may be. */
export function widthOf({ columns, env }: Pick<Io, 'columns' | 'env'>): number {
  const asked = /^\d{1,4}$/.test(env['COLUMNS'] ?? '') ? Number(env['COLUMNS']) : USUAL_COLUMNS;
  return Math.max(LEAST_COLUMNS, columns ?? asked);
}

/** How wide a line of stderr may be, now: a terminal may be drawn wider or narrower. */
export const stderrWidthOf = (io: Pick<Io, 'columns' | 'env' | 'stderrColumns'>): number =>
  widthOf({ env: io.env, columns: io.stderrColumns?.() ?? io.columns });

/** Whether a line of stderr may be written over. */
export const canRedraw = ({ isTerminal, env }: Pick<Io, 'isTerminal' | 'env'>): boolean =>
  isTerminal.stderr && env['TERM'] !== 'dumb';

/** Whether colours may be used: on a terminal, unless somebody asked for none (no-color.org). */
export const hasColours = ({ isTerminal, env }: Pick<Io, 'isTerminal' | 'env'>): boolean =>
  isTerminal.stdout && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
