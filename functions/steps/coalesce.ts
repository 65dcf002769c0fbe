/**
 * One look at a time for each key. A call that comes while one is under way waits for one more, which begins after it came
 * and answers all that came meanwhile: a burst of nudges costs two looks, however many instances of the call there are.
 */
export function coalesced(look: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const run = (key: string): Promise<void> => {
    const under = look(key).finally(() => running.delete(key));
    running.set(key, under);
    return under;
  };
  return (key) => {
    const before = running.get(key);
    if (before === undefined) return run(key);
    const known = waiting.get(key);
    if (known !== undefined) return known;
    const next = before
      .catch(() => undefined)
      .then(() => {
        waiting.delete(key);
        return run(key);
      });
    waiting.set(key, next);
    return next;
  };
}
