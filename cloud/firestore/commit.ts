import type { DocumentSnapshot, Firestore, Timestamp } from '@google-cloud/firestore';
import { PreconditionFailedError, UnclearError } from '../../domain/errors.ts';
import type { Random, Write } from '../../domain/ports.ts';
import { checkWrites } from '../../domain/writes.ts';
import { readBackMs, withDeadline, type Deadline } from '../deadline.ts';
import { commitFailureOf } from './failures.ts';
import { COMMIT_MARK, encodeFields } from './values.ts';

type Created = Extract<Write, { kind: 'create' }>;
type Updated = Extract<Write, { kind: 'update' }>;
type Removed = Extract<Write, { kind: 'delete' }>;
/** A write that fails its commit unless its document is, or is not, there as it was read. */
type Guarded = Created | Updated | (Removed & { readonly etag: string });

const isGuarded = (write: Write): write is Guarded => write.kind !== 'delete' || write.etag !== undefined;

/** A checked copy of a commit, in Firestore's terms: what the caller does to its objects from here on changes nothing. */
export interface Prepared {
  readonly mark: string;
  readonly writes: readonly { readonly write: Write; readonly fields: Record<string, unknown> }[];
}

/** @throws TypeError as `checkWrites` */
export function prepare(writes: readonly Write[], random: Random): Prepared {
  checkWrites(writes);
  const mark = random.hex(8);
  return {
    mark,
    writes: writes.map((write) => {
      if (write.kind === 'delete') return { write, fields: {} };
      const given = write.kind === 'create' ? write.data : write.patch;
      return { write, fields: { ...encodeFields(write.ref.collection, given), [COMMIT_MARK]: mark } };
    }),
  };
}

/**
 * One WriteBatch. The client repeats it when its answer is lost, and Firestore names no document when a precondition
 * fails; so after any failure but a plain refusal its documents are read, all of them, since the first may have been written
 * over by then: the mark on any of them tells that it was made after all.
 * @throws PreconditionFailedError, UnclearError, or Firestore's own error for a commit that is at fault
 */
export async function commitPrepared(firestore: Firestore, deadline: Deadline, prepared: Prepared): Promise<void> {
  const batch = await batchOf(firestore, prepared);
  try {
    await withDeadline(deadline, batch.commit());
  } catch (error) {
    const failure = commitFailureOf(error);
    if (failure === 'refused') throw error;
    const guarded = prepared.writes.map(({ write }) => write).filter(isGuarded);
    const read = await readBack(firestore, deadline, guarded, error);
    if (read.some((document) => document.get(COMMIT_MARK) === prepared.mark)) return;
    if (failure === 'unclear') throw unclear(error);
    throw lostTo(failure, guarded, read, error);
  }
}

async function batchOf(firestore: Firestore, { writes }: Prepared): Promise<ReturnType<Firestore['batch']>> {
  const { FieldPath, Timestamp } = await import('@google-cloud/firestore');
  const batch = firestore.batch();
  for (const { write, fields } of writes) {
    const document = firestore.doc(write.ref.path);
    if (write.kind === 'create') batch.create(document, fields);
    else if (write.etag === undefined) batch.delete(document);
    else {
      const [seconds = '', nanoseconds = ''] = write.etag.split('.');
      const lastUpdateTime = new Timestamp(Number(seconds), Number(nanoseconds));
      if (write.kind === 'delete') {
        batch.delete(document, { lastUpdateTime });
        continue;
      }
      // As paths, since a plain key with a dot would name a field inside another.
      const pairs = Object.entries(fields).flatMap(([field, value]) => [new FieldPath(field), value]);
      batch.update(document, ...(pairs as [string, unknown]), { lastUpdateTime });
    }
  }
  return batch;
}

async function readBack(
  firestore: Firestore,
  deadline: Deadline,
  written: readonly Write[],
  cause: unknown,
): Promise<readonly DocumentSnapshot[]> {
  if (written.length === 0) return [];
  try {
    const reading = firestore.getAll(...written.map(({ ref }) => firestore.doc(ref.path)));
    return await withDeadline({ ...deadline, callMs: readBackMs(deadline.callMs) }, reading);
  } catch {
    throw unclear(cause);
  }
}

const unclear = (cause: unknown): UnclearError =>
  new UnclearError('the commit may or may not have been made', { cause });

/** Which write of the kind that failed lost the race, as far as the documents still tell. */
function lostTo(
  failure: 'exists' | 'stale',
  guarded: readonly Guarded[],
  read: readonly DocumentSnapshot[],
  cause: unknown,
): PreconditionFailedError {
  const suspects = guarded.flatMap((write, index) =>
    (write.kind === 'create') === (failure === 'exists') ? [{ write, document: read[index] }] : [],
  );
  for (const { write, document } of suspects) {
    const found = document === undefined ? null : violation(write, document);
    if (found !== null) return new PreconditionFailedError(write.ref.path, found, { cause });
  }
  const [first] = suspects;
  if (first === undefined) throw cause;
  return new PreconditionFailedError(first.write.ref.path, failure === 'exists' ? 'exists' : 'changed', { cause });
}

function violation(write: Guarded, document: DocumentSnapshot): PreconditionFailedError['found'] | null {
  if (write.kind === 'create') return document.exists ? 'exists' : null;
  if (document.updateTime === undefined) return 'missing';
  return etagOf(document.updateTime) === write.etag ? null : 'changed';
}

/** Firestore's own version of a document: the time of its last write, to the nanosecond. */
export const etagOf = ({ seconds, nanoseconds }: Timestamp): string => `${seconds}.${nanoseconds}`;
