import { assertSucceeds } from '@firebase/rules-unit-testing';
import { afterEach, expect, test } from '@jest/globals';
import { doc, updateDoc } from 'firebase/firestore';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOnEmulators } from '../emulators/here.ts';
import { ASKS } from './asks.ts';
import { openWorld, type Asker, type World } from './world.ts';

const RULES = await readFile(join(import.meta.dirname, '../../firestore.rules'), 'utf8');

/** What the other tests here refuse goes through as soon as one clause is not there: so they would notice. */
describeOnEmulators('each clause of firestore.rules is needed', ({ firestore }) => {
  let world: World;
  afterEach(() => world.close());

  const without = async (clause: string, instead: string): Promise<void> => {
    expect(RULES.split(clause).length).toBeGreaterThan(1);
    world = await openWorld(firestore, RULES.replaceAll(clause, instead));
  };

  test.each<[clause: string, instead: string, asker: Asker, ask: string]>([
    ['&& resource.data.tenant == request.auth.token.tenant', '', 'acme', 'get jobs/other-job'],
    ['&& resource.data.tenant == request.auth.token.tenant', '', 'acme', 'list jobs'],
    ["&& request.auth.token.tenant != ''", '', 'a user of tenant nobody', 'get jobs/gone-job'],
    ['&& request.auth.token.tenant is string', '', 'a user of tenant 7', 'get jobs/odd-job'],
    ['&& request.auth.token.tenant is string', '', 'a user of tenant null', 'get jobs/null-job'],
    [
      '&& request.time.toMillis() < request.auth.token.untilMs',
      '',
      'a user whose token has ended',
      'get jobs/acme-job',
    ],
    ['/{path=**}/events/', '/{path=**}/{any}/', 'acme', 'list jobs/acme-job/logs'],
    ['match /jobs/{job}', 'match /{any}/{job}', 'acme', 'get jobs_private/acme-job'],
    ['match /jobs/{job}', 'match /jobs/{job=**}', 'acme', 'get jobs/acme-job/logs/1-0'],
  ])('with "%s" as "%s", %s may %s', async (clause, instead, asker, name) => {
    await without(clause, instead);
    const found = ASKS.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no question "${name}"`);
    await assertSucceeds(found.ask(world.as(asker)));
  });

  test('with "get, list" as "read, write", a tenant may write', async () => {
    await without('get, list', 'read, write');
    await assertSucceeds(updateDoc(doc(world.as('acme'), 'jobs/acme-job'), { state: 'canceled' }));
  });
});
