/** What `coalesced` makes: `ask` is what this call has to say to the look that answers it. */
export type Coalesced<A, T> = (key: string, ask: A) => Promise<T>;

/**
 * One look at a time for each key. A call that comes while one is under way waits for one more, which begins after it came
 * and answers all that came meanwhile: a burst of calls costs two looks, and none is answered with what was seen before it.
 * @param look is told what each of the calls that it answers asks, the first of them first
 */
export function coalesced<A, T>(look: (key: string, asks: readonly A[]) => Promise<T>): Coalesced<A, T> {
  const running = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, { readonly asks: A[]; readonly answer: Promise<T> }>();

  const run = (key: string, asks: readonly A[]): Promise<T> => {
    const mine = look(key, asks).finally(() => {
      if (running.get(key) === mine) running.delete(key);
    });
    running.set(key, mine);
    return mine;
  };

  return (key, ask) => {
    const known = waiting.get(key);
    if (known !== undefined) {
      known.asks.push(ask);
      return known.answer;
    }
    const before = running.get(key);
    if (before === undefined) return run(key, [ask]);
    const asks = [ask];
    const answer = before
      .catch(() => undefined)
      .then(() => {
        waiting.delete(key);
        return run(key, asks);
      });
    waiting.set(key, { asks, answer });
    return answer;
  };
}
