import { delimiter, join, resolve } from 'node:path';
import { CatalogueError } from '../gpu-job/models/catalogue.ts';
import { BuildError, buildAll } from './build/build.ts';
import { ROOT } from './build/bundle.ts';
import { buildReceiver } from './build/receiver.ts';
import { tableOf } from './build/sizes.ts';

/**
 * `npm run build`: makes `dist/functions/<name>` and `dist/worker`, each of which is deployed as it is, `dist/images/<pool>`, of which the
 * images of pools are made, and `dist/pools.json`, of which Terraform makes their Cloud Run Jobs. The models are those of
 * gpu-job/models and of `SLIPWAY_MODELS` (further folders, separated by ":"), as for `npm start`.
 */
const further = (process.env['SLIPWAY_MODELS'] ?? '').split(delimiter).filter((folder) => folder !== '');
const modelFolders = [join(ROOT, 'gpu-job/models'), ...further.map((folder) => resolve(folder))];
const [unknown] = process.argv.slice(2);
if (unknown !== undefined) {
  console.error(`npm run build takes no ${unknown}; further folders of models are told by SLIPWAY_MODELS.`);
  process.exit(1);
}
try {
  const out = join(ROOT, 'dist');
  const sizes = await buildAll({ out, modelFolders });
  await buildReceiver(out);
  console.log(tableOf(sizes));
} catch (error) {
  // What the bundler finds wrong says all in its message too.
  const isExpected = error instanceof BuildError || error instanceof CatalogueError || 'errors' in (error as object);
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = 1;
}
