import type { Cursor, Page } from '../../domain/ports.ts';

/** Reads a query page by page, each when it is asked for; from the beginning, or after a cursor. */
export async function* pagesOf<T>(
  query: (options: { readonly limit: number; readonly after?: Cursor }) => Promise<Page<T>>,
  limit: number,
  from: Cursor | null = null,
): AsyncGenerator<Page<T>> {
  let after = from;
  do {
    const page: Page<T> = await query(after === null ? { limit } : { limit, after });
    yield page;
    after = page.next;
  } while (after !== null);
}
