import { createHash } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth, signInWithCustomToken, type Auth, type User } from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore, terminate, type Firestore } from 'firebase/firestore';
import { FirebaseToken, JobResource } from '../../domain/contract/http.ts';
import { create, refs } from '../../domain/ports.ts';
import { startEmulatorStack, type EmulatorStack } from '../../emulators/stack.ts';
import { systemRandom } from '../../host/random.ts';
import { newProject } from '../emulators/here.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { newFolder } from '../local/folder.ts';
import { MODELS, QUICK } from '../stack/test-stack.ts';

/** A tenant's program, signed in with what its API key gave it. */
export interface Listener {
  readonly db: Firestore;
  readonly auth: Auth;
  readonly tenant: string;
  /** Asks the api for another token and signs in with it. */
  signIn(): Promise<User>;
  close(): Promise<void>;
}

export interface ListeningStack extends EmulatorStack {
  readonly log: CapturedLog;
  /** A folder of the test's own. */
  readonly folder: string;
  submit(model: string, input: object): Promise<string>;
  token(key: string): Promise<FirebaseToken>;
  listener(key: string): Promise<Listener>;
}

export const OTHER_KEY = 'slw_key-of-another-tenant';

/** A whole stack with the adapters of production, and a second tenant. Its clients are Firebase's own SDK. */
export async function listeningStack(): Promise<ListeningStack> {
  const folder = newFolder();
  const log = capturedLog();
  const stack = await startEmulatorStack({
    port: 0,
    dataFolder: folder,
    modelFolders: [MODELS],
    log,
    settings: QUICK,
    projectId: newProject(),
    env: process.env,
  });
  const hash = createHash('sha256').update(OTHER_KEY).digest('hex');
  await stack.store.commit([create(refs.key(hash), { schema: 1, tenant: 'other', createdAtMs: 0 })]);

  const post = async (key: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${stack.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const token = async (key: string): Promise<FirebaseToken> =>
    FirebaseToken.parse(await post(key, '/v1/tokens/firebase'));

  return {
    ...stack,
    log,
    folder,
    token,
    submit: async (model, input) => JobResource.parse(await post(stack.apiKey, '/v1/jobs', { model, input })).id,
    listener: async (key) => {
      const { tenant, projectId, databaseId } = await token(key);
      const app = initializeApp({ projectId, apiKey: 'any' }, systemRandom.id());
      const auth = getAuth(app);
      connectAuthEmulator(auth, stack.identity.url, { disableWarnings: true });
      const db = getFirestore(app, databaseId);
      const [host = '', port] = stack.emulators.firestore.split(':');
      connectFirestoreEmulator(db, host, Number(port));
      const signIn = async (): Promise<User> => {
        const { user } = await signInWithCustomToken(auth, (await token(key)).token);
        return user;
      };
      await signIn();
      return {
        db,
        auth,
        tenant,
        signIn,
        close: async () => {
          await terminate(db);
          await deleteApp(app);
        },
      };
    },
  };
}
