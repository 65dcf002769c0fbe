import type fc from 'fast-check';
import { expectAgreement } from './checks.ts';
import type { Model, ModelJob } from './model.ts';
import type { TenantName, World } from './world.ts';

export type Command = fc.AsyncCommand<Model, World>;

/** One call, and the check that all agrees after it. */
export function command(
  name: string,
  run: (model: Model, world: World) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Command {
  return {
    check,
    toString: () => name,
    run: async (model, world) => {
      await run(model, world);
      await expectAgreement(world, model);
    },
  };
}

/** Mostly one of the caller's own, now and then anybody's. */
export function jobFor(model: Model, who: TenantName, at: number): ModelJob {
  const own = model.jobs.filter((job) => job.tenant === who);
  const among = own.length === 0 || at % 6 === 0 ? model.jobs : own;
  return among[at % among.length] as ModelJob;
}
export const isThereAny = (model: Model): boolean => model.jobs.length > 0;
export const pathOf = (job: ModelJob): string => `/v1/jobs/${job.id}`;
