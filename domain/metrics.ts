/** What sweep writes once a minute, and what each says. All but `open_events` stand under their queue. */
export const GAUGES = {
  queued_jobs: 'Jobs that a worker may take now.',
  oldest_queued_seconds: 'Age of the oldest queued job.',
  held_slots: 'Slots that are not free.',
  boot_failures: 'Launches in a row that ran no job, of the slot that has most.',
  open_events: 'Events that are not settled yet.',
} as const;
export type GaugeName = keyof typeof GAUGES;

/** One settled event: job and version tell which, and are no labels of a metric. */
export interface SettledRecord {
  readonly job: string;
  readonly version: number;
  readonly event: string;
  readonly model: string;
  readonly queue: string;
  readonly attempt: number;
  readonly errorKind: string | null;
  readonly queuedMs: number | null;
  readonly runMs: number | null;
  /** What of its model's run timeout this run took: 1 is all of it. */
  readonly runShare: number | null;
  readonly costUsd: number | null;
}

/** A submission that was taken: a job was stored, or was there before. Without the time that `Prefer: wait` held the answer. */
export interface AcceptedRecord {
  readonly via: 'https' | 'pubsub';
  readonly job: string;
  readonly model: string;
  readonly isNew: boolean;
  readonly tookMs: number;
}

/** One try of a delivery. */
export interface TriedRecord {
  readonly delivery: string;
  /** `job.succeeded` and so on. */
  readonly event: string;
  readonly try: number;
  readonly status: number | null;
  readonly failure: string | null;
  readonly latencyMs: number;
  /** From the event to this try, where it is the first that was made: later ones are late because of the receiver. */
  readonly toldMs: number | null;
  readonly state: string;
}
