import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signInWithCustomToken } from 'firebase/auth';
import {
  collection,
  collectionGroup,
  doc,
  getDocs,
  getDocFromServer,
  onSnapshot,
  orderBy,
  query,
  setLogLevel,
  where,
  type DocumentData,
  type DocumentReference,
  type Query,
  type QuerySnapshot,
} from 'firebase/firestore';
import type { JobState } from '../../domain/contract/job.ts';
import { isTerminal } from '../../domain/state.ts';
import { describeOnEmulators } from '../emulators/here.ts';
import { removeFolders } from '../local/folder.ts';
import { listeningStack, OTHER_KEY, type Listener, type ListeningStack } from './listening.ts';

/** A job as a listener sees it; of the many fields, those that these tests look at. */
interface Seen {
  readonly state: JobState;
  readonly version: number;
  readonly input: string;
  readonly output: string;
  readonly cost: object | null;
}

/** All that is seen of a job, until it is as `wanted`. `each` is called with every change. */
async function follow(
  target: DocumentReference,
  wanted: (seen: Seen) => boolean,
  each: (seen: Seen) => unknown = () => undefined,
): Promise<Seen[]> {
  const all: Seen[] = [];
  const end = Promise.withResolvers<void>();
  const stop = onSnapshot(
    target,
    (snapshot) => {
      const seen = snapshot.data() as Seen | undefined;
      if (seen === undefined) return;
      all.push(seen);
      each(seen);
      if (wanted(seen)) end.resolve();
    },
    end.reject,
  );
  await end.promise.finally(stop);
  return all;
}

/** Resolves with the first result of a query that is as `wanted`. */
function found(target: Query, wanted: (docs: DocumentData[]) => boolean): Promise<DocumentData[]> {
  return new Promise((resolve, reject) => {
    const stop = onSnapshot(
      target,
      (snapshot: QuerySnapshot) => {
        const docs = snapshot.docs.map((one) => one.data());
        if (!wanted(docs)) return;
        stop();
        resolve(docs);
      },
      reject,
    );
  });
}

describeOnEmulators('a client that listens', () => {
  let stack: ListeningStack;
  let own: Listener;
  let other: Listener;
  beforeAll(async () => {
    setLogLevel('silent');
    stack = await listeningStack();
    [own, other] = await Promise.all([stack.listener(stack.apiKey), stack.listener(OTHER_KEY)]);
  });
  afterAll(async () => {
    await Promise.all([own.close(), other.close()]);
    await stack.stop();
    removeFolders();
  });

  test('sees a job’s versions rise to its end, which nothing follows but its cost, and can read its output', async () => {
    const go = join(stack.folder, 'go-1');
    const id = await stack.submit('scripted', { waitForFile: go, text: [['first', 1]] });
    const all = await follow(
      doc(own.db, `jobs/${id}`),
      ({ cost }) => cost !== null,
      ({ state }) => state === 'running' && writeFile(go, ''),
    );
    const versions = all.map((seen) => seen.version);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    const states = all.map((seen) => seen.state);
    expect(states).toContain('running');
    const end = states.findIndex(isTerminal);
    expect(new Set(states.slice(end))).toEqual(new Set(['succeeded']));
    expect(all.at(-1)?.version).toBe(3);
    expect(JSON.parse(all.at(-1)?.output ?? '')).toMatchObject({ text: [['first', 1]] });
    expect(JSON.parse(all.at(-1)?.input ?? '')).toEqual({ waitForFile: go, text: [['first', 1]] });
  });

  test('sees new jobs come into its list, and the events of all of them', async () => {
    const jobs = query(
      collection(own.db, 'jobs'),
      where('tenant', '==', own.tenant),
      where('model', '==', 'noop'),
      orderBy('createdAtMs', 'desc'),
    );
    const events = query(collectionGroup(own.db, 'events'), where('tenant', '==', own.tenant), orderBy('atMs', 'desc'));
    expect((await getDocs(jobs)).empty).toBe(true);
    const ended = found(jobs, (docs) => docs.length === 2 && docs.every(({ state }) => state === 'succeeded'));
    const ids = [await stack.submit('noop', {}), await stack.submit('noop', {})];
    expect((await ended).map(({ id }) => String(id)).sort()).toEqual([...ids].sort());
    const told = await found(events, (docs) =>
      ids.every((id) => docs.filter(({ jobId }) => jobId === id).length === 3),
    );
    const first = told.filter(({ jobId }) => jobId === ids[0]).sort((a, b) => Number(a['seq']) - Number(b['seq']));
    expect(first.map(({ from, to }) => [from, to] as unknown)).toEqual([
      [null, 'queued'],
      ['queued', 'running'],
      ['running', 'succeeded'],
    ]);
  });

  test('sees nothing of another tenant’s', async () => {
    const id = await stack.submit('noop', {});
    await follow(doc(own.db, `jobs/${id}`), ({ state }) => isTerminal(state));
    const denied = { code: 'permission-denied' };
    await expect(getDocFromServer(doc(other.db, `jobs/${id}`))).rejects.toMatchObject(denied);
    await expect(follow(doc(other.db, `jobs/${id}`), () => true)).rejects.toMatchObject(denied);
    const jobsOf = (tenant: string): Query => query(collection(other.db, 'jobs'), where('tenant', '==', tenant));
    await expect(found(jobsOf(own.tenant), () => true)).rejects.toMatchObject(denied);
    const events = query(collectionGroup(other.db, 'events'), where('tenant', '==', own.tenant));
    await expect(found(events, () => true)).rejects.toMatchObject(denied);
    expect((await getDocs(jobsOf(other.tenant))).empty).toBe(true);
  });

  test('goes on listening over a renewed ID token, and over another sign-in', async () => {
    const go = join(stack.folder, 'go-2');
    const id = await stack.submit('scripted', { waitForFile: go });
    const before = own.auth.currentUser;
    const isRunning = Promise.withResolvers<void>();
    const all = follow(
      doc(own.db, `jobs/${id}`),
      ({ state }) => isTerminal(state),
      ({ state }) => state === 'running' && isRunning.resolve(),
    );
    await isRunning.promise;
    const { claims } = (await before?.getIdTokenResult(true)) ?? {};
    expect(claims).toMatchObject({ tenant: own.tenant, sub: `tenant:${own.tenant}` });
    await own.signIn();
    expect(own.auth.currentUser).not.toBe(before);
    await writeFile(go, '');
    expect((await all).at(-1)?.state).toBe('succeeded');
  });

  test('cannot sign in with a token that was tampered with', async () => {
    const { token } = await stack.token(OTHER_KEY);
    const [header, payload = '', signature] = token.split('.');
    const claims = Buffer.from(payload, 'base64url').toString('utf8').replaceAll('other', own.tenant);
    const forged = [header, Buffer.from(claims).toString('base64url'), signature].join('.');
    await expect(signInWithCustomToken(other.auth, forged)).rejects.toMatchObject({
      code: 'auth/invalid-custom-token',
    });
  });

  test('leaves neither its key nor its token in the log', async () => {
    const { token } = await stack.token(OTHER_KEY);
    const logged = JSON.stringify(stack.log.lines);
    for (const secret of [token, token.split('.')[2] ?? '', OTHER_KEY, stack.apiKey])
      expect(logged).not.toContain(secret);
  });
});
