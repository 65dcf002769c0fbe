/** What `coalesced` makes. */
export type Coalesced<T> = (key: string) => Promise<T>;

/**
 * One look at a time for each key. A call that comes while one is under way waits for one more, which begins after it came
 * and answers all that came meanwhile: a burst of calls costs two looks, and none is answered with what was seen before it.
 * @param look is told how many calls it answers
 */
export function coalesced<T>(look: (key: string, calls: number) => Promise<T>): Coalesced<T> {
  const running = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, { calls: number; readonly answer: Promise<T> }>();
  const run = (key: string, calls: number): Promise<T> => {
    const under = look(key, calls).finally(() => running.delete(key));
    running.set(key, under);
    return under;
  };
  return (key) => {
    const before = running.get(key);
    if (before === undefined) return run(key, 1);
    const known = waiting.get(key);
    if (known !== undefined) {
      known.calls += 1;
      return known.answer;
    }
    const answer = before
      .catch(() => undefined)
      .then(() => {
        const calls = waiting.get(key)?.calls ?? 1;
        waiting.delete(key);
        return run(key, calls);
      });
    waiting.set(key, { calls: 1, answer });
    return answer;
  };
}
