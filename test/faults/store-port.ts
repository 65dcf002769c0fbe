import { CALL_MS, readBackMs } from '../../cloud/deadline.ts';
import { PreconditionFailedError, UnavailableError, UnclearError } from '../../domain/errors.ts';
import type { Store, Write } from '../../domain/ports.ts';
import type { Ground } from './ground.ts';
import type { Process } from './process.ts';

/** After which the adapter gives a commit up, and then what it has read back; the commit may still take effect. */
const COMMIT_MS = CALL_MS.store + readBackMs(CALL_MS.store);

const unavailable = async (): Promise<never> => {
  throw new UnavailableError('the store did not answer');
};
const unclear = async (): Promise<never> => {
  throw new UnclearError('the commit may or may not have been made');
};

/** The store as one process has it. */
export function storeOf(ground: Ground, process: Process): Store {
  const { conductor, store } = ground;
  return {
    get: (ref) =>
      conductor.call(process, {
        op: 'store.get',
        what: ref.path,
        act: () => store.get(ref),
        broken: unavailable,
        patienceMs: CALL_MS.store,
      }),
    query: (shape, where, options) =>
      conductor.call(process, {
        op: 'store.query',
        what: `${shape} ${JSON.stringify(where)}`,
        act: () => store.query(shape, where, options),
        broken: unavailable,
        patienceMs: CALL_MS.store,
      }),
    count: (shape, where, limit) =>
      conductor.call(process, {
        op: 'store.count',
        what: `${shape} ${JSON.stringify(where)}`,
        act: () => store.count(shape, where, limit),
        broken: unavailable,
        patienceMs: CALL_MS.store,
      }),
    commit: (writes) =>
      conductor.call(process, {
        op: 'store.commit',
        what: writes.map(inWords).join(', '),
        settles: closedBy(writes),
        act: (of) => ground.commit(writes, of),
        broken: unclear,
        misreport: {
          effect: () => undefined,
          answer: async () => {
            throw new PreconditionFailedError(writes[0]?.ref.path ?? '', 'changed');
          },
        },
        patienceMs: COMMIT_MS,
      }),
    watch: (target, onChange) => watch(ground, process, target, onChange),
  };
}

/** A watch only hints, so that a broken one tells too often, too late or not at all; a process that cannot set it up is told. */
function watch(
  { conductor, store }: Ground,
  process: Process,
  target: Parameters<Store['watch']>[0],
  onChange: () => void,
): () => void {
  const fault = conductor.note(process, 'store.watch', 'path' in target ? target.path : JSON.stringify(target));
  if (fault === 'fail-before') throw new UnavailableError('the store cannot be watched');
  const tell = (): void =>
    process.whenRunning(() => {
      onChange();
      if (fault === 'duplicate') onChange();
    });
  const later = (): void => {
    const told = async (): Promise<void> => tell();
    void conductor.call(process, { op: 'store.watch', what: 'tells of a change', act: told, broken: told });
  };
  const both = (): void => {
    tell();
    later();
  };
  const hears = fault === 'delay' ? later : fault === 'repeat' ? both : fault === 'late' ? (): void => undefined : tell;
  const stop = store.watch(target, hears);
  if (fault === 'succeed-then-error') queueMicrotask(tell);
  process.onEnd(stop);
  if (fault === 'crash-after') process.end();
  return stop;
}

const closedBy = (writes: readonly Write[]): string | undefined =>
  writes.find((write) => write.kind === 'update' && 'open' in write.patch)?.ref.path;

const SHOWN = ['state', 'version', 'attempt', 'fence', 'holder', 'jobs', 'open', 'releasedTo', 'claims'];

function inWords(write: Write): string {
  if (write.kind === 'delete') return `delete ${write.ref.path}`;
  const fields = Object.entries(write.kind === 'create' ? write.data : write.patch) as [string, unknown][];
  const shown = fields.filter(([name]) => SHOWN.includes(name)).map(([name, value]) => `${name}=${inShort(value)}`);
  return `${write.kind} ${[write.ref.path, ...shown].join(' ')}`;
}

const inShort = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
