import { patch, type Mutant } from './mutant.ts';

const CLAIM = 'functions/worker/claim.ts';
const FINISH = 'functions/worker/finish.ts';
const READY = 'functions/worker/ready.ts';
const RECOVER = 'functions/steps/recover.ts';
const DISPATCH = 'functions/dispatch.ts';
const SESSION = 'functions/worker/session.ts';
const REQUEUE = 'for (const jobId of slot.jobs) await decideAgain(() => requeue(deps, jobId, slotId, slot.fence));';

/** Guards of slots, sessions and holders: what dispatch and the door stand on. */
export const SLOT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a finish that accepts any holder',
    scenario: 'retry',
    fault: 'repeat',
    invariant: 'I4',
    patches: [patch(FINISH, '!sameHolder(read.data.holder, holder)', 'read.data.holder === null')],
  },
  {
    name: 'a release that does not look at the queue once more',
    scenario: 'wake-up',
    fault: 'delay',
    invariant: 'W',
    patches: [patch(FINISH, 'if (queued > 0) await nudge(deps, queue);', 'void queued;')],
  },
  {
    name: 'a look whose time is up that nobody goes on with',
    scenario: 'hasty-look',
    fault: 'delay',
    invariant: 'W',
    patches: [patch(DISPATCH, '    looked.isLeft = false;\n    await nudge(deps, queue);', '')],
  },
  {
    name: 'a recovery that frees the slot before its jobs are queued again',
    scenario: 'lost-worker',
    fault: 'delay',
    invariant: 'I4',
    patches: [
      patch(RECOVER, REQUEUE, ''),
      patch(RECOVER, '  await nudge(deps, slot.queue);', `  ${REQUEUE}\n  await nudge(deps, slot.queue);`),
    ],
  },
  {
    name: 'a claim that does not write its slot',
    scenario: 'one-job',
    fault: 'delay',
    invariant: 'I4',
    patches: [patch(CLAIM, 'update(refs.slot(session.slot), slot, slotPatch),', '')],
  },
  {
    name: 'a session for each execution of a launch',
    scenario: 'one-job',
    fault: 'duplicate',
    invariant: 'I4',
    patches: [
      patch(
        READY,
        "slot.state === 'ready' && slot.execution === request.execution && sameDigest(slot.sessionHash, sessionHash)",
        "slot.state === 'ready'",
      ),
    ],
  },
  {
    name: 'a failed launch that frees its slot whatever state it is in',
    scenario: 'one-job',
    fault: 'misreport',
    invariant: 'I4',
    patches: [
      patch(DISPATCH, "read?.data.state !== 'reserved' || read.data.fence !== fence", 'read?.data.fence !== fence'),
    ],
  },
  {
    name: 'a session that is not asked for its fence',
    scenario: 'lost-worker',
    fault: 'delay',
    invariant: 'I4',
    patches: [
      patch(SESSION, 'if (fence !== session.fence)', 'if (fence < session.fence)'),
      patch(SESSION, '!sameDigest(sessionHash, sha256(session.key))', 'sessionHash === null'),
    ],
  },
  {
    name: 'a stale session and any holder: the late result is taken',
    scenario: 'lost-worker',
    fault: 'delay',
    invariant: 'I5',
    patches: [
      patch(SESSION, 'if (fence !== session.fence)', 'if (fence < session.fence)'),
      patch(SESSION, '!sameDigest(sessionHash, sha256(session.key))', 'sessionHash === null'),
      patch(FINISH, '!sameHolder(read.data.holder, holder)', 'read.data.holder === null'),
    ],
  },
  {
    name: 'a launch that is made again when its fate is not known',
    scenario: 'lost-launch',
    fault: 'delay',
    invariant: 'I7',
    patches: [
      patch(
        DISPATCH,
        'const result = await deps.launcher.launch(reserved);',
        "let result = await deps.launcher.launch(reserved);\n  if (result.kind === 'ambiguous') result = await deps.launcher.launch(reserved);",
      ),
    ],
  },
  {
    name: 'a worker for each nudge',
    scenario: 'wake-up',
    fault: 'delay',
    invariant: 'I8',
    patches: [
      patch(DISPATCH, 'if (heldBefore >= max) return null;', 'if (heldBefore > max) return null;'),
      patch(
        DISPATCH,
        'return slots.filter((slot) => isHeldSlot(slot.data)).length < wanted ? lowestFree(deps, slots, max) : null;',
        'return wanted > 0 ? lowestFree(deps, slots, max + 1) : null;',
      ),
    ],
  },
  {
    name: 'a recovery that takes the slot of a worker that renews',
    scenario: 'lost-worker',
    fault: 'delay',
    invariant: 'I4',
    patches: [
      patch(
        'functions/sweep/duties.ts',
        'all || isSuspect(slot, deps.settings.renewEveryMs)',
        'all || isSuspect(slot, -1)',
      ),
      patch('domain/recover.policy.ts', 'ageMs > view.leaseMs', 'ageMs >= 0'),
    ],
  },
  {
    name: 'a claim that takes no place of its tenant',
    scenario: 'tenant-limit',
    fault: 'delay',
    invariant: 'I8',
    patches: [patch(CLAIM, '...(place === null ? {} : { place }),', '')],
  },
  {
    name: 'a finish that does not give the place of its tenant back',
    scenario: 'tenant-limit',
    fault: 'delay',
    invariant: 'I8',
    patches: [patch('domain/state.ts', '[remove(refs.place(tenant, job.place))]', '[]')],
  },
];
