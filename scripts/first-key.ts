import { parseArgs } from 'node:util';
import { GoogleAuth } from 'google-auth-library';
import { firestoreStore } from '../cloud/firestore/store.ts';
import { RequestError } from '../domain/errors.ts';
import { makeFirstKey } from '../functions/api/keys/first-key.ts';
import { systemClock } from '../host/clock.ts';
import { jsonLog } from '../host/log.ts';
import { systemRandom } from '../host/random.ts';

/**
 * `npm run first-key`: a key of scope admin, straight into Firestore with the credentials of whoever runs it
 * (`gcloud auth application-default login`), or into the emulator at FIRESTORE_EMULATOR_HOST. The key alone goes to stdout.
 */
const USAGE = 'npm run --silent first-key -- --project ID --tenant ID [--database ID] [--another]';

const EXIT = { refused: 1, usage: 2 } as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = flags();
  if (asked === null) return EXIT.usage;
  const { project, database, tenant, another } = asked;
  const base = { clock: systemClock, random: systemRandom, log: jsonLog((line) => console.error(line)) };
  const endpoints = { firestore: process.env['FIRESTORE_EMULATOR_HOST'] };
  const lack = endpoints.firestore === undefined ? await lackOfCredentials() : null;
  if (lack !== null) {
    console.error(
      `No key was made, since there are no credentials of Google's here: gcloud auth application-default login (${lack})`,
    );
    return EXIT.refused;
  }
  const store = firestoreStore({ ...base, projectId: project, databaseId: database, endpoints });
  try {
    const { key, text } = await makeFirstKey({ ...base, store }, tenant, { another });
    console.error(`${key.id} of ${tenant}, for ${key.scopes.join(' and ')}; it is not shown again.`);
    console.log(text);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    if (!(error instanceof RequestError)) {
      console.error(`No key can be shown. Whether one was made in ${project}, database ${database}, is not known.`);
    }
    return EXIT.refused;
  } finally {
    await store.close();
  }
}

/** Looked for here, since without any the client of Firestore throws where nobody can catch it. @returns why there are none, or null */
async function lackOfCredentials(): Promise<string | null> {
  try {
    await new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/datastore' }).getAccessToken();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function flags(): { project: string; database: string; tenant: string; another: boolean } | null {
  const options = {
    project: { type: 'string' },
    database: { type: 'string', default: '(default)' },
    tenant: { type: 'string' },
    another: { type: 'boolean', default: false },
  } as const;
  try {
    const { project, database, tenant, another } = parseArgs({ options }).values;
    if (project !== undefined && tenant !== undefined) return { project, database, tenant, another };
    console.error(`--project and --tenant are needed: ${USAGE}`);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
  }
  return null;
}
