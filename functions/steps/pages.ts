import type { Cursor, Page } from '../../domain/ports.ts';

/** Reads a query page by page, each when it is asked for. */
export async function* pagesOf<T>(
  query: (options: { readonly limit: number; readonly after?: Cursor }) => Promise<Page<T>>,
  limit: number,
): AsyncGenerator<Page<T>> {
  let after: Cursor | null = null;
  do {
    const page: Page<T> = await query(after === null ? { limit } : { limit, after });
    yield page;
    after = page.next;
  } while (after !== null);
}
