import { initializeTestEnvironment, type RulesTestContext } from '@firebase/rules-unit-testing';
import { doc, setDoc, setLogLevel, type Firestore } from 'firebase/firestore';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { create, refs } from '../../domain/ports.ts';
import { HOUR } from '../../domain/time.ts';
import { loadRules } from '../../emulators/rules.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { makeJob } from '../domain/make-job.ts';
import { newProject } from '../emulators/here.ts';
import { capturedLog } from '../local/capture-log.ts';
import { anEvent } from '../ports/documents.ts';
import { CLOSED, type Tenant } from './asks.ts';

const untilMs = Date.now() + HOUR;

/** Who may come to Firestore: the claims of an ID token, null without one. */
export const CLAIMS = {
  acme: { tenant: 'acme', untilMs },
  other: { tenant: 'other', untilMs },
  'a user whose token has ended': { tenant: 'acme', untilMs: Date.now() },
  'a user whose token has no end': { tenant: 'acme' },
  'a user whose token ends in words': { tenant: 'acme', untilMs: 'never' },
  'a user without a tenant': { untilMs },
  'a user of tenant 7': { tenant: 7, untilMs },
  'a user of tenant nobody': { tenant: '', untilMs },
  'a user of tenant null': { tenant: null, untilMs },
  'a user of a list of tenants': { tenant: ['acme', 'other'], untilMs },
  nobody: null,
} as const;

export type Asker = keyof typeof CLAIMS;

export interface World {
  /** A client of its own with these claims. */
  as(asker: Asker): Firestore;
  close(): Promise<void>;
}

/**
 * A project of its own with documents of two tenants as the product writes them, and firestore.rules in force as the product
 * loads them, or other rules.
 */
export async function openWorld(firestore: string, rules?: string): Promise<World> {
  // Each refusal would be a warning on the console.
  setLogLevel('silent');
  const projectId = newProject();
  const [host = '', port] = firestore.split(':');
  const at = { host, port: Number(port), ...(rules === undefined ? {} : { rules }) };
  const environment = await initializeTestEnvironment({ projectId, firestore: at });
  if (rules === undefined) await loadRules(firestore, projectId);
  await storeJobs(firestore, projectId);
  await environment.withSecurityRulesDisabled((context) => fillTheRest(firestoreOf(context)));
  return {
    as: (asker) => {
      const claims = CLAIMS[asker];
      return firestoreOf(
        claims === null
          ? environment.unauthenticatedContext()
          : environment.authenticatedContext('a user', { ...claims }),
      );
    },
    close: () => environment.cleanup(),
  };
}

/** The context's own type is of an older interface of the same SDK. */
const firestoreOf = (context: RulesTestContext): Firestore => context.firestore() as unknown as Firestore;

async function storeJobs(firestore: string, projectId: string): Promise<void> {
  const base = { clock: systemClock, random: systemRandom, log: capturedLog() };
  const store = firestoreStore({
    ...base,
    callMs: 20_000,
    projectId,
    databaseId: '(default)',
    endpoints: { firestore },
  });
  for (const tenant of ['acme', 'other'] satisfies Tenant[]) {
    const id = `${tenant}-job`;
    const event = { ...anEvent(id, 1).data, tenant };
    await store.commit([create(refs.job(id), makeJob({ id, tenant })), create(refs.event(id, 1), event)]);
  }
  await store.close();
}

/** What no function writes (yet), and each closed document as if it were acme's: nothing but the rules may keep it closed. */
async function fillTheRest(db: Firestore): Promise<void> {
  const batch = (tenant: Tenant): object => ({ tenant, id: `${tenant}-batch` });
  await Promise.all([
    setDoc(doc(db, 'batches/acme-batch'), batch('acme')),
    setDoc(doc(db, 'batches/other-batch'), batch('other')),
    setDoc(doc(db, 'jobs/gone-job'), { id: 'gone-job', tenant: '', tombstone: { tenant: 'acme', purgedAtMs: 1 } }),
    setDoc(doc(db, 'jobs/odd-job'), { id: 'odd-job', tenant: 7 }),
    setDoc(doc(db, 'jobs/null-job'), { id: 'null-job', tenant: null }),
    ...CLOSED.map((path) => setDoc(doc(db, path), { tenant: 'acme' })),
  ]);
}
