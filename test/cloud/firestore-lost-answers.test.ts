import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { firestoreStore, type FirestoreStore } from '../../cloud/firestore/store.ts';
import { PreconditionFailedError, UnavailableError, UnclearError } from '../../domain/errors.ts';
import { create, update } from '../../domain/ports.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { describeOnEmulators, newProject } from '../emulators/here.ts';
import { capturedLog } from '../local/capture-log.ts';
import { anEvent, aSlot, fresh, readSlot } from '../ports/documents.ts';
import { startFirestoreProxy, type FirestoreProxy } from './firestore-proxy.ts';

const HURRIED = { callMs: 1_500, closeMs: 20_000 };

describeOnEmulators('Firestore behind a line that breaks', ({ firestore }) => {
  const at = {
    projectId: newProject(),
    databaseId: '(default)',
    clock: systemClock,
    random: systemRandom,
    log: capturedLog(),
  };
  let proxy: FirestoreProxy;
  let store: FirestoreStore;
  /** Gives up soon, for what is not to succeed by the line. */
  let hurried: FirestoreStore;
  let direct: FirestoreStore;
  beforeAll(async () => {
    proxy = await startFirestoreProxy(firestore);
    // The environment's emulator would take precedence over the one that is asked for.
    delete process.env['FIRESTORE_EMULATOR_HOST'];
    const behind = { ...at, endpoints: { firestore: proxy.address } };
    store = firestoreStore({ ...behind, callMs: 20_000 });
    hurried = firestoreStore({ ...behind, ...HURRIED });
    direct = firestoreStore({ ...at, callMs: 20_000, endpoints: { firestore } });
  });
  afterAll(async () => {
    // Of the hurried one there are calls that it gave up, and that the client goes on with.
    await Promise.all([store, hurried, direct].map((each) => each.close()));
    proxy.stop();
  });
  beforeEach(() => {
    proxy.down = false;
    proxy.faults.splice(0);
  });

  test('a commit whose answer is lost is repeated by the client, and known for what it is', async () => {
    const { ref, data } = aSlot();
    proxy.faults.push('answer_lost');
    await store.commit([create(ref, data)]);
    const read = await readSlot(store, ref);
    proxy.faults.push('answer_lost', 'answer_lost');
    const before = proxy.commits();
    await store.commit([update(ref, read, { fence: 1 })]);
    // It did come more than once, or this would show nothing.
    expect(proxy.commits() - before).toBeGreaterThan(1);
    expect((await readSlot(store, ref)).data.fence).toBe(1);
  });

  test('a commit that never arrived is repeated until it does', async () => {
    const { ref, data } = aSlot();
    proxy.faults.push('not_made', 'not_made');
    await store.commit([create(ref, data)]);
    expect((await readSlot(store, ref)).data).toEqual(data);
  });

  test('a repeated commit that really lost is a conflict, with the document that it lost on', async () => {
    const [mine, other] = [aSlot(), aSlot()];
    await store.commit([create(mine.ref, mine.data), create(other.ref, other.data)]);
    const [readMine, readOther] = [await readSlot(store, mine.ref), await readSlot(store, other.ref)];
    await direct.commit([update(other.ref, readOther, { fence: 9 })]);
    proxy.faults.push('not_made');
    const lost = store.commit([update(mine.ref, readMine, { fence: 1 }), update(other.ref, readOther, { fence: 1 })]);
    await expect(lost).rejects.toMatchObject({ path: other.ref.path, found: 'changed' });
    expect((await readSlot(store, mine.ref)).data.fence).toBe(0);
  });

  test('made by itself and then written over by another before it could look: a conflict, to be decided again', async () => {
    const { ref, data } = aSlot();
    await store.commit([create(ref, data)]);
    const read = await readSlot(store, ref);
    proxy.faults.push('answer_lost');
    const committing = store.commit([update(ref, read, { fence: 1 })]).then(
      () => null,
      (error: unknown) => error,
    );
    // As soon as it is made, somebody else goes on from there.
    let seen = await readSlot(direct, ref);
    while (seen.data.fence === 0) seen = await readSlot(direct, ref);
    await direct.commit([update(ref, seen, { fence: 2 })]);
    const error = await committing;
    if (error !== null) expect(error).toBeInstanceOf(PreconditionFailedError);
    expect((await readSlot(store, ref)).data.fence).toBe(2);
  });

  test.each([
    ['the client repeats it', 4],
    ['every repeat is lost as well', 60],
  ])('made, its event already settled by another, and %s: known by its other documents', async (_, lost) => {
    const slot = aSlot();
    const event = anEvent(fresh(), 1);
    await store.commit([create(slot.ref, slot.data)]);
    const read = await readSlot(store, slot.ref);
    proxy.faults.push('answer_lost', ...Array.from({ length: lost }, () => 'not_made' as const));
    const committing = hurried.commit([create(event.ref, event.data), update(slot.ref, read, { fence: 1 })]).then(
      () => null,
      (error: unknown) => error,
    );
    // As a trigger would, as soon as it is made.
    let made = await direct.get(event.ref);
    while (made === null) made = await direct.get(event.ref);
    await direct.commit([update(event.ref, made, { open: false })]);
    expect(await committing).toBeNull();
  });

  test('a line that stays broken leaves a commit unclear and a read unavailable, in the time that a call may take', async () => {
    // A line of its own: on the other the client may still repeat what was given up, and use up what is meant for these.
    const line = await startFirestoreProxy(firestore);
    const cut = firestoreStore({ ...at, endpoints: { firestore: line.address }, ...HURRIED });
    const [made, notMade] = [aSlot(), aSlot()];
    line.faults.push('answer_lost');
    line.faults.push(...Array.from({ length: 50 }, () => 'not_made' as const));
    const first = cut.commit([create(made.ref, made.data)]);
    const timer = setInterval(() => (line.down = true), 50);
    await expect(first).rejects.toBeInstanceOf(UnclearError);
    await expect(cut.commit([create(notMade.ref, notMade.data)])).rejects.toBeInstanceOf(UnclearError);
    await expect(cut.get(made.ref)).rejects.toBeInstanceOf(UnavailableError);
    await expect(cut.query('slotsOfQueue', { queue: 'x' }, { limit: 1 })).rejects.toBeInstanceOf(UnavailableError);
    await expect(cut.count('slotsOfQueue', { queue: 'x' }, 1)).rejects.toBeInstanceOf(UnavailableError);
    clearInterval(timer);
    line.down = false;
    line.faults.splice(0);
    // Once the line is back, sooner or later, what was unclear can be read. The client may still go on with what was given up:
    // it may be made yet, which its precondition bounds.
    const read = (): Promise<unknown> =>
      readSlot(cut, made.ref).catch((error: unknown) => {
        if (error instanceof UnavailableError) return read();
        throw error;
      });
    expect(await read()).toMatchObject({ data: made.data });
    await cut.close();
    line.stop();
  }, 60_000);
});
