import { expect, test } from '@jest/globals';
import { coalesced } from '../../functions/steps/coalesce.ts';

test('a burst costs two looks, and the second is told what all of those ask that it answers', async () => {
  const looks: (readonly number[])[] = [];
  const look = coalesced<number, number>(async (_, asks) => {
    looks.push(asks);
    await Promise.resolve();
    return looks.length;
  });
  const answers = await Promise.all([1, 2, 3, 4].map((ask) => look('a', ask)));
  expect(looks).toEqual([[1], [2, 3, 4]]);
  expect(answers).toEqual([1, 2, 2, 2]);
});

test('looks at different keys do not wait for each other', async () => {
  const never = new Promise<string>(() => undefined);
  const look = coalesced<null, string>((key) => (key === 'a' ? never : Promise.resolve(key)));
  void look('a', null);
  expect(await look('b', null)).toBe('b');
});

test('one that fails is an error for those it answers, and for no others', async () => {
  let looks = 0;
  const look = coalesced<null, number>(async () => {
    looks += 1;
    await Promise.resolve();
    if (looks === 1) throw new Error('not now');
    return looks;
  });
  const [first, second] = [look('a', null), look('a', null)];
  await expect(first).rejects.toThrow('not now');
  expect(await second).toBe(2);
  expect(await look('a', null)).toBe(3);
});

test.each([0, 1, 2, 3, 4, 5, 6])(
  'whenever a call comes, %i turns after a look has ended too: never two looks at once, and its own begins after it came',
  async (turns) => {
    let [now, under, most] = [0, 0, 0];
    const look = coalesced<null, number>(async () => {
      const beganAt = (now += 1);
      most = Math.max(most, (under += 1));
      for (let i = 0; i < 3; i += 1) await Promise.resolve();
      under -= 1;
      return beganAt;
    });
    const first = look('a', null);
    const waiting = look('a', null);
    await first;
    for (let i = 0; i < turns; i += 1) await Promise.resolve();
    const cameAt = (now += 1);
    const late = await look('a', null);
    await waiting;
    expect(most).toBe(1);
    expect(late).toBeGreaterThan(cameAt);
  },
);
