import type { JobPlanResource } from '../../domain/contract/plan.ts';
import { EXIT } from './exit.ts';
import { JOB_OPTIONS, requestOf } from './request.ts';
import { command, type Context } from './spec.ts';
import { fields, span } from './text.ts';

export const plan = command({
  name: 'plan',
  args: ['MODEL'],
  summary: 'Say what would become of a job, when and at what cost; nothing is submitted',
  options: JOB_OPTIONS,
  examples: ['slipway plan ligand-properties --set smiles=CCO'],
  run: async (context, [model = ''], values) => {
    const request = await requestOf(context, model, values, context.io.random.hex(16));
    const planned = await context.client().planJob(request, { signal: context.io.signal });
    context.print(planLines(context, planned));
    context.json(planned);
    return EXIT.ok;
  },
});

function planLines({ width }: Pick<Context, 'width'>, planned: JobPlanResource): string[] {
  const { model, queues, blocked, backlog, expected, history } = planned;
  const { basis, waitSeconds, bootSeconds, runSeconds, costUsd, price } = expected;
  const wait = `${span(waitSeconds * 1_000)}, ${backlog} of yours are queued`;
  const ninety = (p90: string | null): string => (p90 === null ? '' : `, in 9 of 10 jobs at most ${p90}`);
  const rows: [string, string | null][] = [
    ['model', model],
    ['queues', queues.join(', then ')],
    [
      'blocked',
      blocked === null ? null : `first: ${blocked.reason}${blocked.until === null ? '' : ` until ${blocked.until}`}`,
    ],
    ['wait', `${wait} (${FROM[basis.wait]})`],
    ['boot', bootSeconds === 0 ? 'none that it pays for' : `${span(bootSeconds * 1_000)} (${FROM[basis.boot]})`],
    [
      'run',
      `${span(runSeconds * 1_000)} (${FROM[basis.run]})${ninety(history.runSeconds === null ? null : span(history.runSeconds.p90 * 1_000))}`,
    ],
    [
      'cost',
      costUsd === null || price === null
        ? 'not known for this hardware'
        : `${costUsd.toFixed(6)} USD (${FROM[basis.cost]}; ${price.hardware}, ${price.date}${price.verified ? '' : ', not verified'})`,
    ],
    [
      'jobs before',
      history.costUsd === null
        ? null
        : `${history.costUsd.median.toFixed(6)} USD each${ninety(`${history.costUsd.p90.toFixed(6)} USD`)}`,
    ],
    ['history', historyOf(history)],
  ];
  return fields(
    rows.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    width,
  );
}

const FROM = { history: 'from your own jobs', model: 'as the model declares' } as const;

function historyOf({ jobs, from, to }: JobPlanResource['history']): string {
  if (jobs === 0) return 'none of your jobs of this model has succeeded yet';
  const day = (time: string | null): string => (time ?? '').slice(0, 10);
  const few = jobs < 3 ? ', too few to go by' : '';
  return `your last ${jobs === 1 ? 'succeeded job' : `${jobs} succeeded jobs`} of it, ${day(from)} to ${day(to)}${few}`;
}
