/** One guard of the protocol taken out of the real code, and the scenario that must notice. */
export interface Mutant {
  readonly name: string;
  readonly scenario: string;
  readonly patches: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

const patch = (file: string, from: string, to: string): Mutant['patches'][number] => ({ file, from, to });

const CLAIM = 'functions/worker/claim.ts';
const FINISH = 'functions/worker/finish.ts';
const READY = 'functions/worker/ready.ts';
const SESSION = 'functions/worker/session.ts';
const RECOVER = 'functions/steps/recover.ts';
const DISPATCH = 'functions/dispatch.ts';
const TARGET = 'domain/target.policy.ts';
const PLACES = 'functions/steps/places.ts';

const HOLDER_COMPARE = '!sameHolder(read.data.holder, holder)';
const CLAIMED_SLOT = 'update(refs.slot(session.slot), slot, slotPatch),';
const REQUEUE = 'for (const jobId of slot.jobs) await decideAgain(() => requeue(deps, jobId, slotId, slot.fence));';
const READ_JOB = 'const read = await deps.store.get(refs.job(jobId));\n    if (read === null || !isHeld(';
const READ_SLOT = 'const slot = await deps.store.get(refs.slot(read.data.holder.slot));';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a release that does not look at the queue once more',
    scenario: 'wake-up',
    patches: [patch(FINISH, 'if (queued > 0) await nudge(deps, queue);', 'void queued;')],
  },
  {
    name: 'a release that takes a missing answer for a refusal and does not look again',
    scenario: 'unclear-release',
    patches: [
      patch(FINISH, 'const queue = session.slot.slice(', 'let left = true;\n  const queue = session.slot.slice('),
      patch(
        FINISH,
        '} finally {',
        '} catch (error) {\n    left = false;\n    throw error;\n  } finally {\n    if (!left) return { released: false };',
      ),
    ],
  },
  {
    name: 'a claim that does not write its slot',
    scenario: 'wake-up',
    patches: [patch(CLAIM, CLAIMED_SLOT, '')],
  },
  {
    name: 'a claim that writes its slot whoever has it by now',
    scenario: 'stale-worker',
    patches: [
      patch(
        CLAIM,
        CLAIMED_SLOT,
        'update(refs.slot(session.slot), (await deps.store.get(refs.slot(session.slot))) ?? slot, slotPatch),',
      ),
    ],
  },
  {
    name: 'a finish that accepts any holder',
    scenario: 'repeated-finish',
    patches: [patch(FINISH, HOLDER_COMPARE, 'read.data.holder === null')],
  },
  {
    name: 'a finish that compares attempts by order',
    scenario: 'repeated-finish',
    patches: [
      patch(FINISH, HOLDER_COMPARE, '(read.data.holder === null || read.data.holder.attempt < holder.attempt)'),
    ],
  },
  {
    name: 'a finish that leaves the job on its slot',
    scenario: 'wake-up',
    patches: [
      patch(
        FINISH,
        '[...next.writes, takeOff(session, slot, request, deps.clock.nowMs()), ...log]',
        '[...next.writes]',
      ),
    ],
  },
  {
    name: 'a target that waits for a second job',
    scenario: 'storm',
    patches: [patch(TARGET, 'workers: Math.min(1, max)', 'workers: queued > 1 ? 1 : 0')],
  },
  {
    name: 'a target that is one more for each nudge',
    scenario: 'storm',
    patches: [patch(TARGET, 'Math.min(max, work, Math.max(1, outlasting))', 'Math.min(max, held + 1)')],
  },
  {
    name: 'a target that forgets the jobs being run',
    scenario: 'long-runs',
    patches: [patch(TARGET, 'const work = queued + busy;', 'const work = queued;')],
  },
  {
    name: 'a session that is known by its slot alone',
    scenario: 'stale-worker',
    patches: [
      patch(SESSION, 'if (fence !== session.fence)', 'if (fence < session.fence)'),
      patch(SESSION, '!sameDigest(sessionHash, sha256(session.key))', 'sessionHash === null'),
    ],
  },
  {
    name: 'a session for whoever knows slot and fence',
    scenario: 'ticket',
    patches: [patch(READY, 'sameDigest(ticketHash, sha256(request.ticket));', 'request.ticket !== "";')],
  },
  {
    name: 'a ready that is repeated to whoever has the same fence',
    scenario: 'unclear-ready-of-twins',
    patches: [
      patch(
        READY,
        "slot.state === 'ready' && slot.execution === request.execution && sameDigest(slot.sessionHash, sessionHash)",
        "slot.state === 'ready'",
      ),
    ],
  },
  {
    name: 'a recovery that frees the slot before its jobs are queued again',
    scenario: 'stale-worker',
    patches: [
      patch(RECOVER, REQUEUE, ''),
      patch(RECOVER, '  await nudge(deps, slot.queue);', `  ${REQUEUE}\n  await nudge(deps, slot.queue);`),
    ],
  },
  {
    name: 'a look for orphans that reads the slot before the job',
    scenario: 'orphan-check',
    patches: [
      patch(
        RECOVER,
        READ_JOB,
        `const [queue] = deps.catalogue.queues.keys();\n    const slot = await deps.store.get(refs.slot(\`\${queue}~0\`));\n    ${READ_JOB}`,
      ),
      patch(RECOVER, READ_SLOT, ''),
    ],
  },
  {
    name: 'a failed launch that frees its slot whatever state it is in',
    scenario: 'misreported-launch',
    patches: [
      patch(DISPATCH, "read?.data.state !== 'reserved' || read.data.fence !== fence", 'read?.data.fence !== fence'),
    ],
  },
  {
    name: 'a sweep that only nudges',
    scenario: 'triggers-off',
    patches: [
      patch(
        DISPATCH,
        'if (!(await dispatchQueue(deps, queue))) await nudge(deps, queue);',
        'await nudge(deps, queue);',
      ),
    ],
  },
  {
    name: 'a dispatcher that takes slots and backlog of different moments for one',
    scenario: 'repeated-finish',
    patches: [patch(DISPATCH, "if (steadily && !sameWork(before, slots)) return 'unsteady';", '')],
  },
  {
    name: 'a settled parent that leaves its dependants to sweep',
    scenario: 'dependants',
    patches: [patch('functions/steps/settle.ts', '&& !isReleased)', '&& isReleased)')],
  },
  {
    name: 'a claim that takes no place of its tenant',
    scenario: 'places',
    patches: [patch(CLAIM, '...(place === null ? {} : { place }),', '')],
  },
  {
    name: 'a move that gives no place back',
    scenario: 'places',
    patches: [patch('domain/state.ts', '[remove(refs.place(tenant, job.place))]', '[]')],
  },
  {
    name: 'a job that is parked, whose event does not look whether a place came free meanwhile',
    scenario: 'places',
    patches: [
      patch(
        'domain/place.policy.ts',
        "if (reason === 'tenant_limit') return true;",
        "if (reason === 'tenant_limit') return false;",
      ),
    ],
  },
  {
    name: 'an end that leaves the look at those who wait to the worker that made it',
    scenario: 'places-canceled',
    patches: [patch('domain/place.policy.ts', 'return wasAmongThem && !isHeld(to);', 'return false;')],
  },
  {
    name: 'an event that is closed before its look was made',
    scenario: 'places-crash',
    patches: [
      patch(
        'functions/steps/settle.ts',
        'isFilled = await fillPlaces(deps, job.data.tenant, beginByMs);',
        'isFilled = true;',
      ),
    ],
  },
  {
    name: 'a claim that leaves a job without a place at the head of the queue',
    scenario: 'places',
    patches: [patch(CLAIM, 'parks.push(park(deps, candidate.seen));', 'break;')],
  },
  {
    name: 'a look that counts the queued before the held',
    scenario: 'places-two',
    patches: [
      patch(PLACES, "  const held = await store.count('placesOfTenant', { tenant }, limit);\n", ''),
      patch(
        PLACES,
        '  return roomFor(limit, held, queued);',
        "  const held = await store.count('placesOfTenant', { tenant }, limit);\n  return roomFor(limit, held, queued);",
      ),
    ],
  },
  {
    name: 'a claim that takes any free place below a limit that was lowered',
    scenario: 'places-lowered',
    patches: [patch('domain/place.policy.ts', 'free[Math.floor(pick * left)]', 'free[Math.floor(pick * free.length)]')],
  },
  {
    name: 'a claim that reads the places before the limit',
    scenario: 'places-lowered',
    patches: [
      patch(
        PLACES,
        "  const limit = await runningLimit(deps, tenant);\n  if (limit === null) return null;\n  const taken = await deps.store.query('placesOfTenant', { tenant }, { limit });\n",
        "  const taken = await deps.store.query('placesOfTenant', { tenant }, { limit: 99 });\n  const limit = await runningLimit(deps, tenant);\n  if (limit === null) return null;\n",
      ),
    ],
  },
  {
    name: 'queued again without a nudge',
    scenario: 'places',
    patches: [patch(PLACES, '    await nudge(deps, ...new Set(items.map((job) => job.data.home)));\n', '')],
  },
];
