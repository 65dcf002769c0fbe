import { z } from 'zod';
import type { SlipwayClient } from '../../client/index.ts';
import type { JobResource } from '../../domain/contract/http.ts';

type Submission = Parameters<SlipwayClient['createJob']>[0];

/** A job of the demo under the name it is shown by. */
export interface Named {
  readonly name: string;
  readonly job: JobResource;
}

export const TEXT = 'slide-text';
export const FIELDS = 'slide-fields';
export const LIGANDS = 'ligand-properties';

/** Small enough for a second or two each. */
const SMILES: Readonly<Record<string, string>> = {
  aspirin: 'CC(=O)Oc1ccccc1C(=O)O',
  caffeine: 'Cn1cnc2c1c(=O)n(C)c(=O)n2C',
  ibuprofen: 'CC(C)Cc1ccc(cc1)C(C)C(=O)O',
  nicotine: 'CN1CCC[C@H]1c1cccnc1',
  vanillin: 'COc1cc(C=O)ccc1O',
};

/** What the demo reads of the models' outputs; the schemas in full stand in their model.yaml. */
export const SlideText = z.object({
  pages: z.array(
    z.object({ page: z.int(), width: z.int(), height: z.int(), confidence: z.number(), text: z.string() }),
  ),
});
export type SlideText = z.infer<typeof SlideText>;

export const SlideFields = z.object({
  company: z.string().nullable(),
  amounts: z.array(
    z.object({ text: z.string(), value: z.number().nullable(), currency: z.string().nullable(), page: z.int() }),
  ),
  dates: z.array(z.object({ text: z.string(), iso: z.string().nullable(), page: z.int() })),
  people: z.array(z.object({ name: z.string(), role: z.string(), page: z.int() })),
  categories: z.array(z.object({ page: z.int(), category: z.string().nullable(), confidence: z.number() })),
});
export type SlideFields = z.infer<typeof SlideFields>;

const Risk = z.enum(['none', 'low', 'high', 'unknown']);
export const Ligand = z.object({
  formula: z.string(),
  weight: z.number(),
  logP: z.number(),
  tpsa: z.number(),
  energy: z.object({ before: z.number(), after: z.number(), converged: z.boolean() }),
  toxicity: z.object({ mutagenic: Risk, tumorigenic: Risk, irritant: Risk, reproductive: Risk }),
});
export type Ligand = z.infer<typeof Ligand>;

/**
 * Submits the deck, the job that waits for its text, and the molecules. Each asks for a webhook at every move.
 * @param document the deck's URL
 * @param signal ends whatever is under way
 */
export async function submitAll(
  api: SlipwayClient,
  document: string,
  endpoint: { readonly url: string; readonly secret: string },
  signal: AbortSignal,
): Promise<Named[]> {
  const submit = (request: Submission): Promise<JobResource> => api.createJob(request, { signal });
  const webhook: Submission['webhook'] = {
    ...endpoint,
    events: ['job.queued', 'job.started', 'job.succeeded', 'job.failed', 'job.canceled', 'job.expired'],
  };
  const text = await submit({ model: TEXT, input: { document }, webhook });
  const fields = await submit({
    model: FIELDS,
    input: { pages: { $output: { job: text.id, path: '/pages' } } },
    webhook,
  });
  const ligands = await Promise.all(
    Object.entries(SMILES).map(async ([name, smiles]) => ({
      name,
      job: await submit({ model: LIGANDS, input: { smiles }, metadata: { name }, webhook }),
    })),
  );
  return [{ name: TEXT, job: text }, { name: FIELDS, job: fields }, ...ligands];
}
