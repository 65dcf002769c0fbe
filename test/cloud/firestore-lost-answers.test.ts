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

describeOnEmulators('Firestore behind a line that breaks', ({ firestore }) => {
  let proxy: FirestoreProxy;
  let store: FirestoreStore;
  let direct: FirestoreStore;
  beforeAll(async () => {
    proxy = await startFirestoreProxy(firestore);
    const at = {
      projectId: newProject(),
      databaseId: '(default)',
      clock: systemClock,
      random: systemRandom,
      log: capturedLog(),
    };
    // The environment's emulator would take precedence over the one that is asked for.
    delete process.env['FIRESTORE_EMULATOR_HOST'];
    store = firestoreStore({ ...at, endpoints: { firestore: proxy.address }, callMs: 1_500, closeMs: 20_000 });
    direct = firestoreStore({ ...at, callMs: 20_000, endpoints: { firestore } });
  });
  afterAll(async () => {
    await Promise.all([store.close(), direct.close()]);
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
    const committing = store.commit([create(event.ref, event.data), update(slot.ref, read, { fence: 1 })]).then(
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
    const [made, notMade] = [aSlot(), aSlot()];
    proxy.faults.push('answer_lost');
    proxy.faults.push(...Array.from({ length: 50 }, () => 'not_made' as const));
    const first = store.commit([create(made.ref, made.data)]);
    const timer = setInterval(() => (proxy.down = true), 50);
    await expect(first).rejects.toBeInstanceOf(UnclearError);
    await expect(store.commit([create(notMade.ref, notMade.data)])).rejects.toBeInstanceOf(UnclearError);
    await expect(store.get(made.ref)).rejects.toBeInstanceOf(UnavailableError);
    await expect(store.query('slotsOfQueue', { queue: 'x' }, { limit: 1 })).rejects.toBeInstanceOf(UnavailableError);
    await expect(store.count('slotsOfQueue', { queue: 'x' }, 1)).rejects.toBeInstanceOf(UnavailableError);
    clearInterval(timer);
    proxy.down = false;
    proxy.faults.splice(0);
    // Once the line is back the store works as before, and what was unclear can be read. The client still goes on with what
    // it was given: it may yet be made, which its precondition bounds.
    expect((await readSlot(store, made.ref)).data).toEqual(made.data);
    while ((await direct.get(notMade.ref)) === null) await new Promise(setImmediate);
  });
});
