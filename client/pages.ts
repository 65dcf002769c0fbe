/** One page of a list, as it comes: `next` is the cursor of the page after it. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A list that is fetched as it is gone through: `for await (const item of list)`, or page by page. */
export interface Listing<T> extends AsyncIterable<T> {
  pages(): AsyncIterable<PageOf<T>>;
}

/** @param fetchPage the page after a cursor; the first one for none */
export function listing<T>(fetchPage: (cursor: string | undefined) => Promise<PageOf<T>>, from?: string): Listing<T> {
  async function* pages(): AsyncGenerator<PageOf<T>, void, undefined> {
    for (let cursor = from; ;) {
      const page = await fetchPage(cursor);
      yield page;
      if (page.next === null) return;
      cursor = page.next;
    }
  }
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { items } of pages()) yield* items;
    },
  };
}
