import { expect, test } from '@jest/globals';
import type { Slot } from '../../domain/contract/slot.ts';
import { PreconditionFailedError } from '../../domain/errors.ts';
import { create, refs, remove, update, type Ref, type Store } from '../../domain/ports.ts';
import { anEvent, aSlot, fresh, readSlot } from './documents.ts';

const failure = async (commit: Promise<void>): Promise<unknown> =>
  commit.then(
    () => 'no failure',
    (error: unknown) => error,
  );

/** As JSON, the document's own fields in one order: which is first is nobody's business, while all below them stays as it was. */
const ordered = (data: object): string => JSON.stringify(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));

export function commitCases(store: () => Store): void {
  test('a created document is read back as it was written', async () => {
    const { ref, data } = aSlot();
    await store().commit([create(ref, data)]);
    const read = await readSlot(store(), ref);
    expect(read.data).toEqual(data);
    expect(read.path).toBe(ref.path);
    expect(read.readAtMs).toBeGreaterThanOrEqual(read.updatedAtMs);
  });

  test('a document that was never written is null', async () => {
    expect(await store().get(refs.job(fresh()))).toBeNull();
  });

  test('create fails with "exists" and leaves the document as it was', async () => {
    const { ref, data } = aSlot();
    await store().commit([create(ref, data)]);
    const error = await failure(store().commit([create(ref, { ...data, fence: 9 })]));
    expect(error).toBeInstanceOf(PreconditionFailedError);
    expect(error).toMatchObject({ path: ref.path, found: 'exists' });
    expect((await readSlot(store(), ref)).data.fence).toBe(0);
  });

  test('update replaces the named top-level fields, whole, and keeps all others, unknown ones too', async () => {
    const { ref, data } = aSlot(fresh(), 0, { jobs: ['a', 'b'], added: { later: [1] }, nested: { a: 1, b: 2 } });
    await store().commit([create(ref, data)]);
    await store().commit([update(ref, await readSlot(store(), ref), { jobs: ['c'], nested: { a: 3 } })]);
    expect((await readSlot(store(), ref)).data).toEqual({ ...data, jobs: ['c'], nested: { a: 3 } });
  });

  test('update fails with "changed" where another write came between, with "missing" where the document is gone', async () => {
    const { ref, data } = aSlot();
    await store().commit([create(ref, data)]);
    const read = await readSlot(store(), ref);
    await store().commit([update(ref, read, { fence: 1 })]);
    expect(await failure(store().commit([update(ref, read, { fence: 2 })]))).toMatchObject({ found: 'changed' });
    await store().commit([{ kind: 'delete', ref }]);
    expect(await failure(store().commit([update(ref, read, { fence: 3 })]))).toMatchObject({
      path: ref.path,
      found: 'missing',
    });
  });

  test('an update that changes nothing, or changes back, still makes a new etag', async () => {
    const { ref, data } = aSlot();
    await store().commit([create(ref, data)]);
    const etags = new Set<string>();
    for (const renewals of [1, 0, 1]) {
      const read = await readSlot(store(), ref);
      etags.add(read.etag);
      await store().commit([update(ref, read, { renewals })]);
    }
    etags.add((await readSlot(store(), ref)).etag);
    expect(etags.size).toBe(4);
  });

  test('a document made anew after its deletion is not taken for the old one', async () => {
    const { ref, data } = aSlot();
    await store().commit([create(ref, data)]);
    const old = await readSlot(store(), ref);
    await store().commit([{ kind: 'delete', ref }]);
    expect(await store().get(ref)).toBeNull();
    await store().commit([create(ref, data)]);
    expect(await failure(store().commit([update(ref, old, { fence: 1 })]))).toMatchObject({ found: 'changed' });
  });

  test('deleting what is not there is no failure', async () => {
    await store().commit([{ kind: 'delete', ref: refs.job(fresh()) }]);
  });

  test('a deletion of what was read fails with "changed" or "missing" where it is not as it was read, and deletes nothing then', async () => {
    const [{ ref, data }, other] = [aSlot(), aSlot()];
    await store().commit([create(ref, data), create(other.ref, other.data)]);
    const old = await readSlot(store(), ref);
    await store().commit([update(ref, old, { fence: 1 })]);
    const stale = store().commit([remove(other.ref), remove(ref, old)]);
    expect(await failure(stale)).toMatchObject({ path: ref.path, found: 'changed' });
    expect((await readSlot(store(), ref)).data.fence).toBe(1);
    const read = await readSlot(store(), ref);
    await store().commit([remove(ref, read), remove(other.ref, await readSlot(store(), other.ref))]);
    expect([await store().get(ref), await store().get(other.ref)]).toEqual([null, null]);
    expect(await failure(store().commit([remove(ref, read)]))).toMatchObject({ path: ref.path, found: 'missing' });
    await store().commit([create(ref, data)]);
    expect(await failure(store().commit([remove(ref, read)]))).toMatchObject({ path: ref.path, found: 'changed' });
    expect((await readSlot(store(), ref)).data).toEqual(data);
  });

  test('one failed precondition leaves none of a commit behind', async () => {
    const taken = aSlot();
    const [first, second] = [aSlot(), aSlot()];
    await store().commit([create(taken.ref, taken.data)]);
    const read = await readSlot(store(), taken.ref);
    const error = await failure(
      store().commit([
        create(first.ref, first.data),
        update(taken.ref, read, { fence: 5 }),
        create(second.ref, second.data),
        update(aSlot().ref, read, { fence: 1 }),
      ]),
    );
    expect(error).toMatchObject({ found: 'missing' });
    expect(await store().get(first.ref)).toBeNull();
    expect(await store().get(second.ref)).toBeNull();
    expect((await readSlot(store(), taken.ref)).data.fence).toBe(0);
  });

  test('of 200 commits at once with the same precondition exactly one wins, and the others do not hurt their neighbours', async () => {
    const contested = aSlot();
    await store().commit([create(contested.ref, contested.data)]);
    const read = await readSlot(store(), contested.ref);
    const job = fresh();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const neighbour = aSlot(job, n);
        const [lost] = await Promise.all([
          failure(
            store().commit([
              update(contested.ref, read, { fence: n + 1 }),
              create(refs.event(job, n), anEvent(job, n).data),
            ]),
          ),
          store().commit([create(neighbour.ref, neighbour.data)]),
        ]);
        return lost;
      }),
    );
    const winners = outcomes.flatMap((outcome, n) => (outcome === 'no failure' ? [n] : []));
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome !== 'no failure') expect(outcome).toMatchObject({ path: contested.ref.path, found: 'changed' });
    }
    expect((await readSlot(store(), contested.ref)).data.fence).toBe((winners[0] as number) + 1);
    expect(await store().count('slotsOfQueue', { queue: job }, 1_000)).toBe(200);
    expect(
      (await store().query('eventsOfJob', { jobId: job }, { limit: 10 })).items.map((item) => item.data.seq),
    ).toEqual(winners);
  });

  test('whatever a document holds comes back: unicode, lone surrogates, __proto__, -0 to 1e300, empty values', async () => {
    const odd = JSON.parse('{"__proto__": {"a": 1}, "constructor": null, "": "empty name", "toString": "x"}') as object;
    const { ref, data } = aSlot(fresh(), 0, {
      odd,
      text: 'Größe 日本語 🚀 \u0000 \ud800 "\\\n\u2028',
      numbers: [1e300, 1e-300, 0.1, -1, Number.MAX_SAFE_INTEGER],
      empty: { list: [], object: {}, text: '', nothing: null, no: false },
    });
    await store().commit([create(ref, data)]);
    await store().commit([update(ref, await readSlot(store(), ref), { fence: 1 })]);
    const read = await readSlot(store(), ref);
    expect(ordered(read.data)).toBe(ordered({ ...data, fence: 1 }));
  });

  test('a document of 700 KiB is kept whole', async () => {
    const { ref, data } = aSlot(fresh(), 0, { big: 'ü'.repeat(350 * 1024) });
    await store().commit([create(ref, data)]);
    expect((await readSlot(store(), ref)).data).toEqual(data);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['undefined deep inside', { a: [{ b: undefined }] }],
    ['NaN', NaN],
    ['infinity', [Infinity]],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a bigint', 1n],
  ])('a value that would not come back is refused with TypeError: %s', async (_, value) => {
    const { ref, data } = aSlot();
    const bad = { ...data, bad: value } as Slot;
    await expect(store().commit([create(ref, bad)])).rejects.toThrow(TypeError);
    await store().commit([create(ref, data)]);
    const read = await readSlot(store(), ref);
    await expect(store().commit([update(ref, read, { bad: value })])).rejects.toThrow(TypeError);
    expect((await readSlot(store(), ref)).etag).toBe(read.etag);
  });

  test('writing a document twice in one commit is refused with TypeError', async () => {
    const { ref, data } = aSlot();
    await expect(store().commit([create(ref, data), { kind: 'delete', ref }])).rejects.toThrow(TypeError);
  });

  test.each(['slots', 'slots/', 'jobs/x', 'slots/a/b', '/slots/a'])(
    'the path %s is no slot: TypeError',
    async (path) => {
      const ref: Ref<'slots'> = { collection: 'slots', path };
      await expect(store().commit([create(ref, aSlot().data)])).rejects.toThrow(TypeError);
    },
  );

  test('what the caller does to its objects, or to what it read, never reaches the store', async () => {
    const { ref, data } = aSlot();
    const jobs = ['a'];
    const given = { ...data, jobs };
    const committing = store().commit([create(ref, given)]);
    jobs.push('later');
    await committing;
    const read = await readSlot(store(), ref);
    expect(read.data.jobs).toEqual(['a']);
    read.data.jobs.push('mine');
    const patch = { jobs: ['b'] };
    const updating = store().commit([update(ref, read, patch)]);
    patch.jobs.push('later');
    await updating;
    expect((await readSlot(store(), ref)).data.jobs).toEqual(['b']);
  });

  test('the times of the store never go back from one commit to the next', async () => {
    const { ref, data } = aSlot();
    await store().commit([create(ref, data)]);
    let before = await readSlot(store(), ref);
    for (let n = 0; n < 5; n++) {
      await store().commit([update(ref, before, { fence: n })]);
      const after = await readSlot(store(), ref);
      expect(after.updatedAtMs).toBeGreaterThanOrEqual(before.updatedAtMs);
      expect(after.readAtMs).toBeGreaterThanOrEqual(before.readAtMs);
      before = after;
    }
  });
}
