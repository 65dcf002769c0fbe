/** A job whose outcome is known. */
export interface Sample {
  readonly model: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** What is known of its output; null where that is as it should be, else what is not. */
  readonly fault: (output: Readonly<Record<string, unknown>>) => string | null;
  /** What was looked at, for whoever reads along. */
  readonly known: string;
}

const differs = (what: string, found: unknown, expected: unknown): string | null =>
  found === expected ? null : `${what} is ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`;

/** One for each model that comes with Slipway and needs no file; the first that a deployment has is taken. */
export const SAMPLES: readonly Sample[] = [
  {
    model: 'ligand-properties',
    input: { smiles: 'CC(=O)Oc1ccccc1C(=O)O' },
    fault: ({ formula }) => differs('the formula of aspirin', formula, 'C9H8O4'),
    known: 'aspirin is C9H8O4',
  },
  {
    model: 'slide-fields',
    input: { pages: [{ page: 1, text: 'Tidewater Robotics, Inc.\nWe raise $8.5 million.' }] },
    fault: ({ company }) => differs('the company', company, 'Tidewater Robotics, Inc.'),
    known: 'the company is Tidewater Robotics, Inc.',
  },
];
