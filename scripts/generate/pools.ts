import { join } from 'node:path';
import { loadCatalogue } from '../../gpu-job/models/catalogue.ts';
import { poolsOf, type PoolFacts } from '../build/pools.ts';

/** The pools of this repository's own models, for plans of Terraform before anything is built. */
export async function poolsHere(): Promise<Record<string, PoolFacts>> {
  return poolsOf(
    await loadCatalogue({ folders: [join(import.meta.dirname, '../../gpu-job/models')], regions: ['any'], path: '' }),
  );
}
