import type { ClaimedJob } from '../../domain/contract/door.ts';
import type { JobState } from '../../domain/contract/job.ts';
import type { SettledRecord } from '../../domain/metrics.ts';
import { refs, type Store, type Write } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { faultsAtCommit } from './at-commit.ts';
import { faultsAtEnd, notAtRest } from './at-end.ts';
import { webhookFaults } from './at-end-webhooks.ts';
import type { CallOf } from './call.ts';
import { HARDWARE } from './catalogue.ts';
import type { History } from './client.ts';
import type { Conductor } from './conductor.ts';
import { Documents, isOf } from './documents.ts';
import type { Launched } from './platform.ts';
import { purgeFaults, type Seeds } from './purging.ts';
import type { Receiver } from './receiver.ts';
import { isHurt, type Closing } from './settling.ts';

/** What is wrong at the same time, as far as anyone will read it. */
const TOLD = 5;

/** All that a run has shown, and what of it must not be. */
export class Evidence {
  readonly history: History = { submissions: [], cancellations: [] };
  readonly #faults: string[] = [];
  readonly #documents = new Documents();
  readonly #counted = new Map<string, Set<SettledRecord>>();
  readonly #closings = new Map<string, Closing>();
  readonly #computed = new Map<string, Set<string>>();
  readonly #sessions = new Map<string, string>();

  add(fault: string): void {
    this.#faults.push(fault);
  }

  /** What was found wrong first, in words; null where nothing was. */
  get fault(): string | null {
    return this.#faults.length === 0 ? null : this.#faults.slice(0, TOLD).join('; ');
  }

  /** Takes over what stood in the store before the run. */
  seeded(seeds: Seeds, nowMs: number): void {
    this.#documents.apply(seeds.writes, nowMs);
  }

  /** Whether every job has ended, nothing is owed to anyone, and nothing is kept after its time. */
  isAtRest(nowMs: number): boolean {
    return notAtRest(this.#documents, nowMs).length === 0;
  }

  /** Looks at a commit that the store has accepted. */
  committed(
    writes: readonly Write[],
    { number, invocation }: CallOf,
    around: {
      readonly nowMs: number;
      readonly max: number;
      readonly runningLimit: number | null;
      readonly lives: (execution: string) => boolean;
      readonly blobs: ReadonlyMap<string, number>;
    },
  ): void {
    const { nowMs, max, runningLimit, lives, blobs } = around;
    const changes = this.#documents.apply(writes, nowMs);
    const { leaseMs } = DEFAULT_SETTINGS;
    const maxOf = (): number => max;
    this.#faults.push(
      ...faultsAtCommit({
        documents: this.#documents,
        changes,
        by: invocation,
        nowMs,
        leaseMs,
        runningLimit,
        maxOf,
        lives,
        blobs,
      }),
    );
    for (const change of changes) {
      const isClosing =
        isOf(change, 'events') && change.before?.data.open === true && change.after?.data.open === false;
      if (isClosing) this.#closings.set(change.path, { number, by: invocation });
    }
  }

  counted(record: SettledRecord, { invocation }: CallOf): void {
    const { path } = refs.event(record.job, record.version);
    const closing = this.#closings.get(path);
    if (closing?.by !== invocation) this.add(`I18: ${path} was counted by one that had not closed it`);
    this.#counted.set(path, (this.#counted.get(path) ?? new Set()).add(record));
  }

  computed({ id, attempt }: ClaimedJob, execution: string): void {
    const key = `${id}/${attempt}`;
    this.#computed.set(key, (this.#computed.get(key) ?? new Set()).add(execution));
  }

  gotSession({ execution, request }: Launched): void {
    const key = `${request.slot}/${request.fence}`;
    const other = this.#sessions.get(key);
    if (other !== undefined) this.add(`I4: ${other} and ${execution} both have a session of ${key}`);
    this.#sessions.set(key, execution);
  }

  /** Judges the whole run, once nothing moves any more. */
  async judge(run: {
    readonly conductor: Pick<Conductor, 'calls' | 'steps'>;
    readonly ends: ReadonlyMap<string, readonly JobState[]>;
    readonly receiver: Receiver;
    readonly store: Store;
    readonly nowMs: number;
    readonly blobs: ReadonlyMap<string, number>;
    readonly seeds: Seeds | null;
  }): Promise<void> {
    const { conductor, ends, receiver, store, nowMs, blobs, seeds } = run;
    const [documents, history, counted, computed] = [this.#documents, this.history, this.#counted, this.#computed];
    const { calls, steps } = conductor;
    const hurt = new Set(
      [...this.#closings].flatMap(([path, closing]) => (isHurt(path, closing, steps) ? [path] : [])),
    );
    const launches = calls.filter(({ op }) => op === 'launcher.launch').map(({ what }) => what);
    const mostTries = DEFAULT_SETTINGS.deliveryScheduleMs.length;
    this.#faults.push(
      ...faultsAtEnd({ documents, history, ends, counted, hurt, launches, computed, hardware: HARDWARE, nowMs }),
      ...(seeds === null ? [] : purgeFaults(documents, blobs, seeds)),
      ...webhookFaults({ documents, sends: receiver.sends, received: receiver.received, mostTries }),
      ...(await this.#unlike(store)),
    );
  }

  /** What the engine has must be what the accepted commits said, or all else was judged by the wrong documents. */
  async #unlike(store: Store): Promise<string[]> {
    const unlike = await Promise.all(
      this.#documents.all().map(async ({ path, collection, data }) => {
        const stored = await store.get({ path, collection });
        return sorted(stored?.data) === sorted(data) ? [] : [`X: the engine has another ${path}`];
      }),
    );
    return unlike.flat();
  }
}

/** JSON with the names of all objects in order: engines need not keep it. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
