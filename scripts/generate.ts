import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format } from 'prettier';
import { firestoreIndexes } from '../cloud/indexes.ts';
import { openApi } from '../functions/api/openapi.ts';
import { withEnvironmentTable } from './environment-table.ts';
import { alertsFile } from './generate/alerts.ts';
import { deployedFunctions } from './generate/functions.ts';
import { poolsHere } from './generate/pools.ts';
import { terraformIndexes } from './generate/indexes.ts';
import { bucketRetention } from './generate/bucket-retention.ts';
import { privateRanges, webhookPorts } from './generate/egress-rules.ts';

/** `npm run generate`: writes what is made from the code. With `--check` it writes nothing and exits 1 where a file is not what it would be. */
const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const json = (make: () => object | Promise<object>) => async (): Promise<string> =>
  format(JSON.stringify(await make()), { parser: 'json', printWidth: 120 });
const GENERATED: Readonly<Record<string, (now: string) => Promise<string>>> = {
  'openapi.json': json(() => openApi(version)),
  'firestore.indexes.json': json(firestoreIndexes),
  'terraform/generated/alerts.json': json(alertsFile),
  'terraform/modules/job-store/indexes.tf.json': json(() => terraformIndexes(firestoreIndexes())),
  'terraform/generated/functions.json': json(deployedFunctions),
  'terraform/generated/pools.json': json(poolsHere),
  'terraform/generated/private-ranges.json': json(privateRanges),
  'terraform/generated/retention.json': json(bucketRetention),
  'terraform/generated/webhook-ports.json': json(webhookPorts),
  'docs/12-build.md': (now) => format(withEnvironmentTable(now), { parser: 'markdown', printWidth: 120 }),
};

const [flag, ...more] = process.argv.slice(2);
if ((flag !== undefined && flag !== '--check') || more.length > 0) {
  console.error('npm run generate takes --check and nothing else.');
  process.exit(1);
}
const isCheck = flag === '--check';
for (const [name, make] of Object.entries(GENERATED)) {
  const file = join(root, name);
  const wanted = await make(readOrEmpty(file));
  if (!isCheck) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, wanted);
  } else if (readOrEmpty(file) !== wanted) {
    console.error(`${name} is not what the code says: run npm run generate`);
    process.exitCode = 1;
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
