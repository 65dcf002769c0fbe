import type { JobState } from '../../domain/contract/job.ts';

const COLOURS = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const;
export type Colour = keyof typeof COLOURS;

/** Colours a text, or leaves it as it is where there are to be none. */
export type Painter = (colour: Colour, text: string) => string;

export const painter =
  (hasColours: boolean): Painter =>
  (colour, text) =>
    hasColours && text !== '' ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;

export const COLOUR_OF: Readonly<Record<JobState, Colour>> = {
  blocked: 'yellow',
  queued: 'yellow',
  running: 'cyan',
  canceling: 'cyan',
  succeeded: 'green',
  failed: 'red',
  canceled: 'dim',
  expired: 'red',
};
