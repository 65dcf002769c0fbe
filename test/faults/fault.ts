/**
 * What can go wrong with one call:
 *
 * - `fail-before`: nothing happens, the caller sees an error
 * - `succeed-then-error`: it takes effect, the caller sees an error
 * - `crash-after`: it takes effect, and the process that made it is gone with everything it had under way
 * - `duplicate`: it takes effect twice, and the second answer is the one that is seen: of a commit, that it was refused
 * - `repeat`: the same, but everything else that can run runs in between
 * - `delay`: everything else that can run runs first
 * - `misreport`: the answer is wrong although the port may give it: a commit is refused that nothing stands against (Firestore
 *   gives up where others hold the documents), a launch is called failed although it started a worker
 * - `late`: after leases and reservations have run out and sweep has come by twice, a process that stood still from the moment
 *   it had read goes on with what it read; anything else takes effect only then, long after its caller has given it up
 */
export const FAULTS = [
  'fail-before',
  'succeed-then-error',
  'crash-after',
  'duplicate',
  'repeat',
  'misreport',
  'delay',
  'late',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Whether it can make anything fail: a delay alone only puts calls in another order. */
export const isHurtful = (fault: Fault | null): boolean => fault !== null && fault !== 'delay';

/** Every kind of call, and whether it only looks. The last four rows are the calls between the parts: messages, requests, the scheduler. */
const OPS = {
  'store.get': 'read',
  'store.query': 'read',
  'store.count': 'read',
  'store.commit': 'effect',
  'store.watch': 'effect',
  'bus.publish': 'effect',
  'calls.due': 'effect',
  'launcher.launch': 'effect',
  'launcher.cancel': 'effect',
  'launcher.status': 'read',
  'launcher.find': 'read',
  'blobs.signUpload': 'read',
  'blobs.signDownload': 'read',
  'blobs.size': 'read',
  'blobs.remove': 'effect',
  'secrets.get': 'read',
  'http.send': 'effect',
  'metrics.settled': 'effect',
  'metrics.gauges': 'effect',
  message: 'effect',
  request: 'effect',
  door: 'effect',
  schedule: 'effect',
} as const;
export type Op = keyof typeof OPS;
export const ALL_OPS = Object.keys(OPS) as readonly Op[];

export const isRead = (op: Op): boolean => OPS[op] === 'read';

/** The faults that make a difference: what changes nothing can neither take effect and then fail, nor happen twice. */
export const faultsOf = (op: Op): readonly Fault[] =>
  FAULTS.filter((fault) => {
    if (fault === 'misreport') return op === 'store.commit' || op === 'launcher.launch';
    return !isRead(op) || !['succeed-then-error', 'duplicate', 'repeat'].includes(fault);
  });

/** Thrown where a fault was injected and the port has no error of its own for it. */
export class InjectedError extends Error {
  override readonly name = 'InjectedError';
}

/** What a caller sees of a process that is gone, or does not answer. */
export class BrokenError extends Error {
  override readonly name = 'BrokenError';
}
