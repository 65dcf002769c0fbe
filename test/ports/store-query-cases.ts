import { expect, test } from '@jest/globals';
import { BELOW_A_JOB } from '../../domain/collections.ts';
import { create, refs, update, type Cursor, type Store } from '../../domain/ports.ts';
import { SHAPES, type ShapeName, type Where } from '../../domain/shapes.ts';
import { makeJob } from '../domain/make-job.ts';
import { anEdge, anEvent, aSlot, fresh, readSlot } from './documents.ts';

/** Every page of a query, one after the other, as paths. */
async function pages<S extends ShapeName>(store: Store, shape: S, where: Where<S>, limit: number): Promise<string[][]> {
  const all: string[][] = [];
  let after: Cursor | null | undefined;
  do {
    const page = await store.query(shape, where, after == null ? { limit } : { limit, after });
    all.push(page.items.map((item) => item.path));
    after = page.next;
  } while (after !== null);
  return all;
}

export function queryCases(store: () => Store): void {
  test('a query finds exactly what matches, in the order of the shape', async () => {
    const queue = fresh();
    for (const index of [3, 10, 2]) {
      const { ref, data } = aSlot(queue, index);
      await store().commit([create(ref, data)]);
    }
    const other = aSlot();
    await store().commit([create(other.ref, other.data)]);
    const page = await store().query('slotsOfQueue', { queue }, { limit: 10 });
    expect(page.items.map((item) => item.data.index)).toEqual([2, 3, 10]);
    expect(page.next).toBeNull();
    expect(page.items[0]).toEqual({ ...(await readSlot(store(), aSlot(queue, 2).ref)), readAtMs: page.readAtMs });
  });

  test.each(['asc', 'desc'] as const)(
    'pages of 2 over ties show each document once, ties by path: %s',
    async (direction) => {
      const tenant = fresh();
      const ids = Array.from({ length: 7 }, fresh).sort();
      const ordered: readonly (readonly [number, string])[] = ids.map((id, n) => [n < 5 ? 100 : 50 + n, id]);
      const home = `${tenant}@here`;
      await store().commit(
        ordered.map(([at, id]) =>
          create(refs.job(id), makeJob({ id, tenant, home, state: 'queued', createdAtMs: at, queuedAtMs: at })),
        ),
      );
      const expected = [...ordered].sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)).map(([, id]) => `jobs/${id}`);
      if (direction === 'desc') expected.reverse();
      const found =
        direction === 'asc'
          ? await pages(store(), 'backlog', { state: 'queued', home }, 2)
          : await pages(store(), 'jobsByTenant', { tenant }, 2);
      expect(found.map((page) => page.length)).toEqual([2, 2, 2, 1]);
      expect(found.flat()).toEqual(expected);
    },
  );

  test('a page that ends exactly at the last match has no next', async () => {
    const parent = fresh();
    await store().commit(['a', 'b'].map((child) => create(anEdge(parent, child).ref, anEdge(parent, child).data)));
    expect(await pages(store(), 'children', { parent }, 2)).toEqual([[`edges/${parent}~a`, `edges/${parent}~b`]]);
    expect((await store().query('children', { parent: fresh() }, { limit: 1 })).next).toBeNull();
  });

  test('numbers order by value, strings by their bytes', async () => {
    const job = fresh();
    await store().commit([9, 100, 20].map((seq) => create(anEvent(job, seq).ref, anEvent(job, seq).data)));
    const events = await store().query('eventsOfJob', { jobId: job }, { limit: 10 });
    expect(events.items.map((item) => item.data.seq)).toEqual([9, 20, 100]);
    const parent = fresh();
    // UTF-16 would put the rocket before the full-width letter.
    const children = ['Z', 'a', 'ä', 'Ａ', '🚀'];
    await store().commit(
      [...children].reverse().map((child) => create(anEdge(parent, child).ref, anEdge(parent, child).data)),
    );
    const edges = await store().query('children', { parent }, { limit: 10 });
    expect(edges.items.map((item) => item.data.child)).toEqual(children);
  });

  test('contains finds a document by each element of its array, once', async () => {
    const [a, b] = [fresh(), fresh()];
    const both = makeJob({ id: fresh(), state: 'queued', queues: [a, b, a] });
    const one = makeJob({ id: fresh(), state: 'queued', queues: [b], rank: both.rank + 1 });
    await store().commit([create(refs.job(both.id), both), create(refs.job(one.id), one)]);
    expect(await pages(store(), 'claimable', { state: 'queued', queues: a }, 5)).toEqual([[`jobs/${both.id}`]]);
    expect(await pages(store(), 'claimable', { state: 'queued', queues: b }, 5)).toEqual([
      [`jobs/${both.id}`, `jobs/${one.id}`],
    ]);
    expect(await store().count('claimable', { state: 'running', queues: a }, 5)).toBe(0);
  });

  test('a match follows each update and goes with the deletion', async () => {
    const { ref, data } = aSlot(fresh(), 1);
    const movedTo = fresh();
    await store().commit([create(ref, data)]);
    await store().commit([update(ref, await readSlot(store(), ref), { queue: movedTo })]);
    expect(await store().count('slotsOfQueue', { queue: data.queue }, 5)).toBe(0);
    expect(await pages(store(), 'slotsOfQueue', { queue: movedTo }, 5)).toEqual([[ref.path]]);
    await store().commit([update(ref, await readSlot(store(), ref), { index: 7 })]);
    expect((await store().query('slotsOfQueue', { queue: movedTo }, { limit: 5 })).items[0]?.data.index).toBe(7);
    await store().commit([{ kind: 'delete', ref }]);
    expect(await pages(store(), 'slotsOfQueue', { queue: movedTo }, 5)).toEqual([[]]);
  });

  test('a document whose ordered field is missing or null is in no result', async () => {
    const home = fresh();
    const missing: Record<string, unknown> = makeJob({ id: fresh(), home, state: 'queued' });
    delete missing['queuedAtMs'];
    const none = makeJob({ id: fresh(), home, state: 'queued', queuedAtMs: null });
    const there = makeJob({ id: fresh(), home, state: 'queued', queuedAtMs: 5 });
    await store().commit([
      { kind: 'create', ref: refs.job(String(missing['id'])), data: missing },
      create(refs.job(none.id), none),
      create(refs.job(there.id), there),
    ]);
    expect(await pages(store(), 'backlog', { state: 'queued', home }, 5)).toEqual([[`jobs/${there.id}`]]);
  });

  test('values are told apart by type: the text "1" is not the number 1, nor true', async () => {
    const jobId = fresh();
    const { ref, data } = anEvent(jobId, 1);
    await store().commit([create(ref, data)]);
    const asked = (open: boolean | string | number) => store().query('openEvents', { open }, { limit: 1_000 });
    const mine = async (open: boolean | string | number) =>
      (await asked(open)).items.filter((item) => item.data.jobId === jobId);
    expect(await mine(true)).toHaveLength(1);
    for (const open of [false, 'true', 1]) expect(await mine(open)).toHaveLength(0);
  });

  test('count goes no further than its limit', async () => {
    const queue = fresh();
    await store().commit([0, 1, 2].map((index) => create(aSlot(queue, index).ref, aSlot(queue, index).data)));
    const counts = await Promise.all([1, 3, 50].map((limit) => store().count('slotsOfQueue', { queue }, limit)));
    expect(counts).toEqual([1, 3, 3]);
  });

  test('a query for some fields gives these and no other, whatever they hold; one that is not there is not in it', async () => {
    const tenant = fresh();
    const deep = { '': [[null, { a: [1.5, true, 'ä 🚀 "'] }]], b: null };
    const job = makeJob({ id: fresh(), tenant, createdAtMs: 7, input: deep, output: null, labels: ['x', 'y'] });
    await store().commit([create(refs.job(job.id), job)]);
    const page = await store().query(
      'jobsByTenant',
      { tenant },
      { limit: 9, fields: ['id', 'input', 'output', 'labels', 'retryOf', 'metrics'] },
    );
    const [item] = page.items;
    expect(item?.data).toEqual({ id: job.id, input: deep, output: null, labels: ['x', 'y'], metrics: job.metrics });
    expect(Object.keys(item?.data ?? {})).not.toContain('retryOf');
    const whole = (await store().query('jobsByTenant', { tenant }, { limit: 9 })).items[0];
    expect({ ...item, data: null, readAtMs: 0 }).toEqual({ ...whole, data: null, readAtMs: 0 });
    // @ts-expect-error it is no whole job, so that nothing can be updated by it
    expect(() => item && update(refs.job(job.id), item, { rank: 1 })).not.toThrow();
  });

  test('pages of some fields go on where the last one ended, though the order is not among them', async () => {
    const queue = fresh();
    for (const index of [1, 2, 3]) await store().commit([create(aSlot(queue, index).ref, aSlot(queue, index).data)]);
    const first = await store().query('slotsOfQueue', { queue }, { limit: 2, fields: ['state'] });
    expect(first.items.map(({ data }) => data)).toEqual([{ state: 'free' }, { state: 'free' }]);
    const after = first.next ?? undefined;
    expect(after).toEqual([2, aSlot(queue, 2).ref.path]);
    const rest = await store().query(
      'slotsOfQueue',
      { queue },
      { limit: 2, fields: ['state'], ...(after && { after }) },
    );
    expect([rest.items.map(({ path }) => path), rest.next]).toEqual([[aSlot(queue, 3).ref.path], null]);
  });

  test.each<[string, string[]]>([
    ['none', []],
    ['a name that is no field’s', ['a.b']],
    ['a name with a quote', ["a'"]],
  ])('fields that cannot be asked for are a TypeError: %s', async (_, fields) => {
    const asked = store().query('children', { parent: 'x' }, { limit: 1, fields: fields as 'child'[] });
    await expect(asked).rejects.toThrow(TypeError);
  });

  test.each(['asc', 'desc'] as const)(
    'a query ends with a last value of its order, that one too: %s',
    async (direction) => {
      const tenant = fresh();
      const home = `${tenant}@here`;
      const jobs = [10, 20, 20, 30].map((at) =>
        makeJob({ id: fresh(), tenant, home, state: 'queued', createdAtMs: at, queuedAtMs: at }),
      );
      await store().commit(jobs.map((job) => create(refs.job(job.id), job)));
      const times = async (until: number, limit: number, after?: Cursor): Promise<[number[], boolean]> => {
        const options = { limit, until, ...(after && { after }) };
        const { items, next } =
          direction === 'asc'
            ? await store().query('backlog', { state: 'queued', home }, options)
            : await store().query('jobsByTenant', { tenant }, options);
        return [items.map(({ data }) => data.createdAtMs), next === null];
      };
      const [first, last] = direction === 'asc' ? [10, 30] : [30, 10];
      expect(await times(20, 9)).toEqual([[first, 20, 20], true]);
      expect(await times(20, 3)).toEqual([[first, 20, 20], true]);
      expect(await times(20, 2)).toEqual([[first, 20], false]);
      expect(await times(last, 9)).toEqual([[first, 20, 20, last], true]);
      expect(await times(direction === 'asc' ? 9 : 31, 9)).toEqual([[], true]);
      expect(await times(20, 9, [first, 'jobs/zzzzzzzzzzzzzzzzzzzzzzzzzz'])).toEqual(
        direction === 'asc' ? [[20, 20], true] : [[first, 20, 20], true],
      );
    },
  );

  test.each<[string, string, Record<string, unknown>]>([
    ['no such shape', 'jobsByColour', { tenant: 'x' }],
    ['a name of Object itself', 'toString', {}],
    ['a field is missing', 'backlog', { state: 'queued' }],
    ['a field too many', 'backlog', { state: 'queued', home: 'x', tenant: 'x' }],
    ['another field', 'children', { child: 'x' }],
    ['the element of contains is missing', 'claimable', { state: 'queued' }],
    ['a value that is no scalar', 'children', { parent: null }],
  ])('query, count and watch throw TypeError where no index answers: %s', async (_, shape, where) => {
    const [name, values] = [shape as 'backlog', where as Where<'backlog'>];
    await expect(store().query(name, values, { limit: 1 })).rejects.toThrow(TypeError);
    await expect(store().count(name, values, 1)).rejects.toThrow(TypeError);
    expect(() => store().watch({ shape: name, where: values }, () => undefined)).toThrow(TypeError);
  });

  test.each([0, -1, 1.5, NaN])('a limit of %s is refused with RangeError', async (limit) => {
    await expect(store().query('children', { parent: 'x' }, { limit })).rejects.toThrow(RangeError);
    await expect(store().count('children', { parent: 'x' }, limit)).rejects.toThrow(RangeError);
  });

  test('every shape can be asked', async () => {
    for (const [name, shape] of Object.entries(SHAPES)) {
      const fields = [...shape.equal, ...(shape.contains === null ? [] : [shape.contains])];
      const where = Object.fromEntries(fields.map((field) => [field, fresh()])) as Where<'backlog'>;
      const path = `${BELOW_A_JOB.has(shape.collection) ? 'jobs/x/' : ''}${shape.collection}/y`;
      expect((await store().query(name as 'backlog', where, { limit: 1, after: [0, path] })).items).toEqual([]);
    }
  });
}
