import { Model, Pool, type Catalogue } from '../../domain/contract/model.ts';
import { SECOND } from '../../domain/time.ts';

export const QUEUE = 'noop@local';
export const HARDWARE = 'cpu';

const model = Model.parse({
  name: 'noop',
  title: '',
  description: '',
  pool: 'noop',
  hardware: HARDWARE,
  runner: { kind: 'server', program: 'node' },
  input: { type: 'object' },
  output: {},
});

/** One model in one queue, whose workers are there in a second. */
export function catalogueOf({ max, idleSeconds }: { readonly max: number; readonly idleSeconds: number }): Catalogue {
  const pool = Pool.parse({ name: 'noop', max, idleTimeoutSeconds: idleSeconds, startupTimeoutSeconds: 90 });
  return {
    models: new Map([['noop', { model, missing: [] }]]),
    queues: new Map([
      [
        QUEUE,
        {
          name: QUEUE,
          pool,
          region: 'local',
          models: ['noop'],
          expectedBootMs: SECOND,
          expectedRunMs: 30 * SECOND,
        },
      ],
    ]),
  };
}
