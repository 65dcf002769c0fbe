import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Store } from '../../domain/ports.ts';
import { commitCases } from './store-commit-cases.ts';
import { queryCases } from './store-query-cases.ts';
import { watchCases } from './store-watch-cases.ts';

/** A store for one suite. The cases use ids of their own, so that it need not be empty. */
export interface StoreUnderTest {
  readonly store: Store;
  close(): Promise<void>;
}

/** What every engine's Store must do, whatever is behind it. */
export function describeStore(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`Store on ${name}`, () => {
    let underTest: StoreUnderTest;
    beforeAll(async () => {
      underTest = await makeStore();
    });
    afterAll(() => underTest.close());
    const store = (): Store => underTest.store;
    commitCases(store);
    queryCases(store);
    watchCases(store);
  });
}
