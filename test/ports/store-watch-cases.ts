import { expect, test } from '@jest/globals';
import { create, update, type Store } from '../../domain/ports.ts';
import { aSlot, fresh, readSlot } from './documents.ts';

/** A watch that can be waited for. A change that came before `next` was called counts. */
function signal(): { onChange: () => void; next: () => Promise<void>; count: () => number } {
  let calls = 0;
  let seen = 0;
  let wake: (() => void) | null = null;
  return {
    onChange: () => {
      calls++;
      wake?.();
    },
    count: () => calls,
    next: async () => {
      if (calls === seen) await new Promise<void>((resolve) => (wake = resolve));
      seen = calls;
    },
  };
}

export function watchCases(store: () => Store): void {
  test('a watch of a document tells of its creation, its change and its deletion', async () => {
    const { ref, data } = aSlot();
    const { onChange, next } = signal();
    const stop = store().watch(ref, onChange);
    await Promise.all([store().commit([create(ref, data)]), next()]);
    const read = await readSlot(store(), ref);
    await Promise.all([store().commit([update(ref, read, { fence: 1 })]), next()]);
    await Promise.all([store().commit([{ kind: 'delete', ref }]), next()]);
    stop();
  });

  test('a watch of a shape tells of what comes in, changes inside, and goes out', async () => {
    const { ref, data } = aSlot();
    const { onChange, next } = signal();
    const stop = store().watch({ shape: 'slotsOfQueue', where: { queue: data.queue } }, onChange);
    await Promise.all([store().commit([create(ref, data)]), next()]);
    await Promise.all([store().commit([update(ref, await readSlot(store(), ref), { fence: 1 })]), next()]);
    await Promise.all([store().commit([update(ref, await readSlot(store(), ref), { queue: fresh() })]), next()]);
    stop();
  });

  test('when a watch calls, the change can be read', async () => {
    const { ref, data } = aSlot();
    const read = new Promise((resolve) => {
      const stop = store().watch(ref, () => {
        stop();
        resolve(readSlot(store(), ref).then((slot) => slot.data));
      });
    });
    await store().commit([create(ref, data)]);
    expect(await read).toEqual(data);
  });

  test('a stopped watch is not called again, while another of the same target is', async () => {
    const { ref, data } = aSlot();
    const [stopped, kept] = [signal(), signal()];
    const stop = store().watch(ref, stopped.onChange);
    const stopKept = store().watch(ref, kept.onChange);
    stop();
    stop();
    await Promise.all([store().commit([create(ref, data)]), kept.next()]);
    expect(stopped.count()).toBe(0);
    stopKept();
  });
}
