import { patch, type Mutant } from './mutant.ts';
import { SLOT_MUTANTS } from './mutants-slots.ts';

const SUBMIT = 'functions/submit/submit.ts';
const SETTLE = 'functions/steps/settle.ts';
const DELIVER = 'functions/deliver/deliver.ts';
const DUTIES = 'functions/sweep/duties.ts';

const PURGE = 'functions/steps/purge.ts';

export const MUTANTS: readonly Mutant[] = [
  ...SLOT_MUTANTS,
  {
    name: 'a job whose document is emptied before what belongs to it is gone',
    scenario: 'purge',
    fault: 'delay',
    invariant: 'I19',
    patches: [
      patch(
        PURGE,
        "  if (due === 'nothing') return;\n",
        "  if (due === 'nothing') return;\n  if (due === 'empty') await deps.store.commit([update(job, read, tombstoneOf(read.data, read.readAtMs, 0))]);\n",
      ),
    ],
  },
  {
    name: 'a purge that leaves something of a job behind',
    scenario: 'purge',
    fault: 'delay',
    invariant: 'I19',
    patches: [
      patch(
        PURGE,
        "() => deleteAll('deliveries', (options) => store.query('deliveriesOfJob', { jobId: id }, options)),",
        '',
      ),
    ],
  },
  {
    name: 'a sweep that passes by what is kept after its time',
    scenario: 'purge',
    fault: 'delay',
    invariant: 'I19',
    patches: [patch(DUTIES, 'call: (purges) => onJobEvent({ purges })', 'call: async () => undefined')],
  },
  {
    name: 'a nudge before the job is stored',
    scenario: 'one-job',
    fault: 'delay',
    invariant: 'W',
    patches: [
      patch(
        SUBMIT,
        '    await deps.store.commit(plan.writes);',
        '    await nudge(deps, plan.job.home);\n    await deps.store.commit(plan.writes);',
      ),
      patch(SUBMIT, '    await nudge(deps, job.home);\n', ''),
    ],
  },
  {
    name: 'no deciding again after a lost race',
    scenario: 'one-job',
    fault: 'delay',
    invariant: 'X',
    patches: [patch('functions/steps/again.ts', 'if (!isConflict(error) || left <= 1) throw error;', 'throw error;')],
  },
  {
    name: 'an idempotency key that makes no id',
    scenario: 'keyed',
    fault: 'succeed-then-error',
    invariant: 'I6',
    patches: [patch(SUBMIT, 'await keyedJobId(deps.secrets, tenant, key)', 'deps.random.id()')],
  },
  {
    name: 'a move that makes no event',
    scenario: 'one-job',
    fault: 'delay',
    invariant: 'I3',
    patches: [
      patch(
        'domain/state.ts',
        'create(refs.event(job.id, version), eventOf(job, { seq: version, from: job.state, to, attempt, nowMs, detail })),',
        '',
      ),
    ],
  },
  {
    name: 'an event that is closed whether it is open or not',
    scenario: 'one-job',
    fault: 'duplicate',
    invariant: 'I18',
    patches: [
      patch(
        SETTLE,
        'if (event?.data.open !== true || job === null) return null;',
        'if (event === null || job === null) return null;',
      ),
    ],
  },
  {
    name: 'an event that is counted and told of by one that has not closed it',
    scenario: 'one-job',
    fault: 'duplicate',
    invariant: 'I18',
    patches: [
      patch(SETTLE, 'await deps.store.commit(writes);', 'await deps.store.commit(writes).catch(() => undefined);'),
    ],
  },
  {
    name: 'an event that is not counted where what it owes could not be published',
    scenario: 'one-job',
    fault: 'fail-before',
    invariant: 'I18',
    patches: [
      patch(
        SETTLE,
        "deps.log.error('delivery not published; sweep will find it', { delivery, error: String(error) });",
        'throw error;',
      ),
    ],
  },
  {
    name: 'an end that leaves its dependants alone',
    scenario: 'dependent',
    fault: 'delay',
    invariant: 'W',
    patches: [
      patch(
        SETTLE,
        'const releasedTo = await releaseChildren(deps, jobId, event.data.releasedTo ?? null, beginByMs);',
        'const releasedTo = null as string | null;',
      ),
    ],
  },
  {
    name: 'an end that does not go on after its first page of dependants',
    scenario: 'many-dependants',
    fault: 'delay',
    invariant: 'W',
    patches: [patch(SETTLE, '{ releasedTo })]);\n        await goOn(deps, event.path);\n', '{ releasedTo })]);\n')],
  },
  {
    name: 'an end that is closed though there are dependants left',
    scenario: 'many-dependants',
    fault: 'delay',
    invariant: 'W',
    patches: [patch(SETTLE, 'if (releasedTo !== null) {', "if (releasedTo === '') {")],
  },
  {
    name: 'an end that begins with its first dependant each time',
    scenario: 'many-dependants',
    fault: 'delay',
    invariant: 'I15',
    patches: [patch(SETTLE, 'jobId, event.data.releasedTo ?? null, beginByMs', 'jobId, null, beginByMs')],
  },
  {
    name: 'a dependant that does not wait for all its parents',
    scenario: 'dependent',
    fault: 'delay',
    invariant: 'I9',
    patches: [
      patch(
        'functions/steps/release.ts',
        "if (parents.some((parent) => parent?.state !== 'succeeded')) return { kind: 'wait' };",
        "if (parents.every((parent) => parent?.state !== 'succeeded')) return { kind: 'wait' };",
      ),
      patch('functions/steps/release.ts', '?.output, source.path);', '?.output, source.path) ?? null;'),
    ],
  },
  {
    name: 'a delivery that is sent without being claimed',
    scenario: 'one-job',
    fault: 'duplicate',
    invariant: 'I11',
    patches: [patch(DELIVER, 'await deps.store.commit([update(refs.delivery(id), read, patch)]);', '')],
  },
  {
    name: 'an attempt at a delivery that is put on record each time its commit is',
    scenario: 'one-job',
    fault: 'duplicate',
    invariant: 'I11',
    patches: [patch(DELIVER, '|| read.data.attempts.some(({ atMs }) => atMs === attempt.atMs)', '')],
  },
  {
    name: 'a sweep that passes open events by',
    scenario: 'one-job',
    fault: 'fail-before',
    invariant: 'I15',
    patches: [patch(DUTIES, 'call: (events) => onJobEvent({ events })', 'call: async () => undefined')],
  },
  {
    name: 'a sweep that passes deliveries by',
    scenario: 'webhook-retry',
    fault: 'delay',
    invariant: 'I15',
    patches: [
      patch(DUTIES, "call: (ids) => deps.calls.due('deliver-webhook', { ids })", 'call: async () => undefined'),
    ],
  },
  {
    name: 'an end that can be left again',
    scenario: 'cancel-finishing',
    fault: 'delay',
    invariant: 'I2',
    patches: [
      patch(
        'domain/state.ts',
        '(TRANSITIONS[from] as readonly JobState[]).includes(to)',
        'TRANSITIONS[from] !== undefined && to.length > 0',
      ),
      patch('functions/steps/cancel.ts', "if (isTerminal(state)) return 'already_ended';", ''),
    ],
  },
  {
    name: 'a cancellation that does not look whether the job has ended',
    scenario: 'cancel-finishing',
    fault: 'delay',
    invariant: 'X',
    patches: [patch('functions/steps/cancel.ts', "if (isTerminal(state)) return 'already_ended';", '')],
  },
  {
    name: 'a sweep that passes abandoned slots by',
    scenario: 'one-job',
    fault: 'crash-after',
    invariant: 'I1',
    patches: [patch(DUTIES, 'call: (slots) => dispatch({ slots })', 'call: async () => undefined')],
  },
  {
    name: 'a webhook that is given up after its second try',
    scenario: 'webhook-retry',
    fault: 'delay',
    invariant: 'I10',
    patches: [
      patch(
        'domain/delivery.policy.ts',
        'if (delayMs === undefined) return',
        'if (delayMs === undefined || tries > 1) return',
      ),
    ],
  },
  {
    name: 'a webhook that tells of another state than its event',
    scenario: 'one-job',
    fault: 'delay',
    invariant: 'I12',
    patches: [patch('domain/webhook-event.ts', 'state: event.to,', "state: 'succeeded',")],
  },
  {
    name: 'one attempt more than a job may have',
    scenario: 'failed-parent',
    fault: 'delay',
    invariant: 'I17',
    patches: [patch('domain/retry.policy.ts', 'if (failures >= view.maxAttempts)', 'if (failures > view.maxAttempts)')],
  },
  {
    name: 'an end whose cost is not settled',
    scenario: 'one-job',
    fault: 'delay',
    invariant: 'I18',
    patches: [patch(SETTLE, 'isTerminal(event.data.to) ? withCost(deps, job) : job.data', 'job.data')],
  },
  {
    name: 'a cancellation that is answered and not made',
    scenario: 'cancel-running',
    fault: 'delay',
    invariant: 'I1',
    patches: [
      patch(
        'functions/steps/cancel.ts',
        "await deps.store.commit(move(read, to, deps.clock.nowMs(), { reason: 'requested', patch }));",
        '',
      ),
    ],
  },
];
