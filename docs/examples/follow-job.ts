/**
 * Follows one job live, from a program of yours: submit it, sign in to Firestore, listen until it ends.
 *
 *   npm install firebase
 *   node follow-job.ts             submits a job and follows it (Node 22.18 or later)
 *   node follow-job.ts <job id>    follows one that is there
 *
 * Environment:
 *   SLIPWAY_URL       where the API is, https://... or http://127.0.0.1:8080
 *   SLIPWAY_API_KEY   your key
 *   SLIPWAY_MODEL, SLIPWAY_INPUT   what to submit; without them a small molecule
 *   FIREBASE_API_KEY  the web API key of the Firebase project that Slipway runs in. It is no secret: it names the project, and
 *                     stands in the Firebase console under "Project settings". The operator of your Slipway knows it.
 * Only for a stack on Google's emulators, instead of FIREBASE_API_KEY:
 *   FIREBASE_AUTH_EMULATOR_HOST, FIRESTORE_EMULATOR_HOST   both as host:port
 */
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth, signInWithCustomToken } from 'firebase/auth';
import { connectFirestoreEmulator, doc, getFirestore, onSnapshot } from 'firebase/firestore';

/** What POST /v1/tokens/firebase answers. */
interface FirebaseToken {
  token: string;
  expiresAt: string;
  tenant: string;
  projectId: string;
  databaseId: string;
}

/** A job as it lies in Firestore; a few of its fields. `output` is JSON text, so that it arrives just as the model wrote it. */
interface JobDocument {
  state: string;
  version: number;
  progress: { fraction: number | null; message: string | null } | null;
  error: { kind: string; message: string } | null;
  output: string;
}

const env = process.env;
const authEmulator = env['FIREBASE_AUTH_EMULATOR_HOST'];
const firestoreEmulator = env['FIRESTORE_EMULATOR_HOST'];

function needed(name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`set ${name}: see the top of follow-job.ts`);
  return value;
}

/** One request to Slipway's API. An answer that is not 2xx is a problem document, whose `detail` says what to do. */
async function post(path: string, body?: object): Promise<unknown> {
  const response = await fetch(new URL(path, needed('SLIPWAY_URL')), {
    method: 'POST',
    headers: { authorization: `Bearer ${needed('SLIPWAY_API_KEY')}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { detail?: string };
  if (!response.ok) throw new Error(`${path}: ${response.status} ${answer.detail}`);
  return answer;
}

async function submit(): Promise<string> {
  const model = env['SLIPWAY_MODEL'] ?? 'ligand-properties';
  const input = JSON.parse(env['SLIPWAY_INPUT'] ?? '{"smiles": "CC(=O)Oc1ccccc1C(=O)O"}') as object;
  return ((await post('/v1/jobs', { model, input })) as { id: string }).id;
}

const askForToken = async (): Promise<FirebaseToken> => (await post('/v1/tokens/firebase')) as FirebaseToken;

// The API key is good for a token, and the token tells which database to listen to. On emulators any web API key will do.
const first = await askForToken();
const apiKey = authEmulator === undefined ? needed('FIREBASE_API_KEY') : 'any';
const app = initializeApp({ projectId: first.projectId, apiKey });
const auth = getAuth(app);
const db = getFirestore(app, first.databaseId);
if (authEmulator !== undefined) connectAuthEmulator(auth, `http://${authEmulator}`, { disableWarnings: true });
if (firestoreEmulator !== undefined) {
  const { hostname, port } = new URL(`http://${firestoreEmulator}`);
  connectFirestoreEmulator(db, hostname, Number(port));
}

// A token ends after an hour, and with it whatever was signed in with it. So for a long job: another one, five minutes before. The
// listener below goes on by itself.
async function signIn({ token, expiresAt }: FirebaseToken): Promise<void> {
  await signInWithCustomToken(auth, token);
  // Not faster than each second, should this machine's clock be wrong.
  setTimeout(signInAgain, Math.max(1_000, Date.parse(expiresAt) - Date.now() - 5 * 60_000));
}
function signInAgain(): void {
  askForToken()
    .then(signIn)
    .catch((error: unknown) => {
      console.error('not signed in again, next try in 20 s:', error);
      setTimeout(signInAgain, 20_000);
    });
}
await signIn(first);

const jobId = process.argv[2] ?? (await submit());
console.log(`following job ${jobId}`);

// Called with the job as it is now, and then with each change. A slow listener may not see every one, but always the last.
const end = new Promise<JobDocument>((resolve, reject) => {
  onSnapshot(
    doc(db, 'jobs', jobId),
    (snapshot) => {
      const job = snapshot.data() as JobDocument | undefined;
      if (job === undefined) return;
      const { fraction, message } = job.progress ?? { fraction: null, message: null };
      const percent = fraction === null ? '' : ` ${Math.round(fraction * 100)} %`;
      console.log(`${job.version} ${job.state}${percent}${message === null ? '' : ` ${message}`}`);
      if (['succeeded', 'failed', 'canceled', 'expired'].includes(job.state)) resolve(job);
    },
    // Firestore does not tell a job that is not there from one of another tenant.
    ({ code }) => reject(new Error(`cannot listen (${code}): is ${jobId} a job of tenant ${first.tenant}?`)),
  );
});

const { state, output, error } = await end;
if (state === 'succeeded') console.log(JSON.parse(output));
else console.log(error === null ? state : `${error.kind}: ${error.message}`);

// Ends the listener too. A program that goes on would call the function that onSnapshot gave it.
process.exit(state === 'succeeded' ? 0 : 1);
