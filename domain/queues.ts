import type { Model, Pool, Queue } from './contract/model.ts';
import { SECOND } from './time.ts';

/**
 * One queue for each pool that has a model, in each region; those of one pool stand together, in the order of the regions.
 * What to expect of a queue is what its slowest model leads to expect.
 * @param poolOf a pool's row, or the defaults of one that has none
 */
export function queuesOf(
  models: readonly Model[],
  poolOf: (name: string) => Pool,
  regions: readonly string[],
): Map<string, Queue> {
  const queues = new Map<string, Queue>();
  for (const [name, members] of Map.groupBy(models, (model) => model.pool)) {
    const pool = poolOf(name);
    for (const region of regions) {
      queues.set(`${name}@${region}`, {
        name: `${name}@${region}`,
        pool,
        region,
        models: members.map((model) => model.name),
        expectedBootMs: Math.max(...members.map((model) => model.expected.bootSeconds)) * SECOND,
        expectedRunMs: Math.max(...members.map((model) => model.expected.runSeconds)) * SECOND,
      });
    }
  }
  return queues;
}
