import { createHash } from 'node:crypto';
import type { JobState } from '../../domain/contract/job.ts';
import type { Tenant } from '../../domain/contract/tenant.ts';
import { create, refs, type Clock, type Log, type Store, type Write } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { HOUR, MINUTE, SECOND } from '../../domain/time.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import type { Call, CallOf, Plan } from './call.ts';
import { catalogueOf } from './catalogue.ts';
import { API_KEY, Client } from './client.ts';
import { Conductor } from './conductor.ts';
import { doorOf } from './door.ts';
import { Evidence } from './evidence.ts';
import type { Ground } from './ground.ts';
import { Platform, type Launched } from './platform.ts';
import { portsOf } from './ports.ts';
import { oldJobs, type Seeds } from './purging.ts';
import { Receiver } from './receiver.ts';
import type { Scenario } from './scenarios.ts';
import { seededRandom } from './seeded.ts';
import { Served } from './served.ts';
import { Signals } from './signals.ts';
import { faultIn } from './unexplained.ts';
import { work } from './worker.ts';

/** An engine for one run; it is let go of afterwards. */
export interface Engine {
  readonly store: Store;
  close(): Promise<void>;
}
export type OpenEngine = (clock: Clock) => Promise<Engine>;

/** How long nothing happens before each sweep: past leases and backoffs at first, then from one try of a webhook to the next. */
const GAPS_MS = [
  ...Array<number>(8).fill(MINUTE + SECOND),
  6 * MINUTE,
  6 * MINUTE,
  40 * MINUTE,
  ...[2.5, 6, 12, 16, 23].map((hours) => hours * HOUR),
];
/** No time but for what is begun at once, one dependant at a time. */
const HASTY = { beginForMs: 0, childrenPerPage: 1 };
/** Sweeps by the scheduler, in a scenario that it is part of. */
const SCHEDULED = 8;

export interface Outcome {
  readonly calls: readonly Call[];
  /** What was found broken first, in words; null where all is as it should be. */
  readonly fault: string | null;
  /** Whether all was done before sweep came to help. */
  readonly wasDone: boolean;
}

/** One run: scenarios on a fresh engine, with a plan of what goes wrong. */
export class World {
  readonly #clock: ManualClock;
  readonly #conductor: Conductor;
  readonly #platform: Platform;
  readonly #served: Served;
  readonly #receiver: Receiver;
  readonly #engine: Engine;
  readonly #ground: Ground;
  readonly #setting: Setting;
  readonly #evidence = new Evidence();
  readonly #signals = new Signals();
  readonly #blobs = new Map<string, number>();
  readonly #seeds: Seeds | null;

  private constructor(
    setting: Setting,
    clock: ManualClock,
    engine: Engine,
    plan: Plan,
    seed: number,
    seeds: Seeds | null,
  ) {
    this.#setting = setting;
    this.#seeds = seeds;
    for (const path of seeds?.blobs ?? []) this.#blobs.set(path, 1);
    if (seeds !== null) this.#evidence.seeded(seeds, clock.nowMs());
    this.#clock = clock;
    this.#engine = engine;
    const isOver = (): boolean => this.#evidence.fault !== null;
    this.#conductor = new Conductor(clock, plan, isOver, setting.isHasty ? 1 : 0);
    this.#receiver = new Receiver(setting.statuses, (why) => this.#evidence.add(`I12: ${why}`));
    this.#platform = new Platform({
      clock,
      conductor: this.#conductor,
      isLossy: setting.isLossy,
      lostLaunches: setting.lostLaunches,
      start: (launched) => this.#start(launched),
    });
    this.#ground = {
      conductor: this.#conductor,
      clock,
      random: seededRandom(seed),
      log: this.#log(),
      catalogue: catalogueOf(setting),
      store: engine.store,
      platform: this.#platform,
      receiver: this.#receiver,
      blobs: this.#blobs,
      commit: (writes, call) => this.#commit(writes, call),
      counted: (record, call) => this.#evidence.counted(record, call),
      settings: setting.isHasty ? { ...DEFAULT_SETTINGS, ...HASTY } : DEFAULT_SETTINGS,
    };
    this.#served = new Served((process) => portsOf(this.#ground, process), setting.width);
    this.#platform.serve(this.#served);
  }

  /** @param seed what ids and jitter follow from */
  static async run(setting: Setting, plan: Plan, openEngine: OpenEngine, seed = 1): Promise<Outcome> {
    const clock = manualClock(setting.startMs);
    const engine = await openEngine(clock);
    try {
      const hash = createHash('sha256').update(API_KEY).digest('hex');
      await engine.store.commit([create(refs.key(hash), { schema: 1, tenant: 'acme', createdAtMs: 0 })]);
      if (setting.runningLimit !== null)
        await engine.store.commit([create(refs.tenant('acme'), acme(setting.runningLimit))]);
      const seeds = setting.hasOldJobs ? oldJobs(clock.nowMs()) : null;
      if (seeds !== null) await engine.store.commit(seeds.writes);
      return await new World(setting, clock, engine, plan, seed, seeds).#run();
    } finally {
      await engine.close();
    }
  }

  async #run(): Promise<Outcome> {
    const { isSwept, sweepEverySeconds, clients } = this.#setting;
    for (const [index, { prefix, run }] of clients.entries()) {
      const { conductor, clock } = this.#ground;
      const [served, history, signals] = [this.#served, this.#evidence.history, this.#signals];
      const name = `client-${index + 1}`;
      void run(new Client({ name, prefix, conductor, clock, served, history, signals }));
    }
    if (isSwept) await this.#sweepUntilDone(Array<number>(SCHEDULED).fill(sweepEverySeconds * SECOND));
    else await this.#conductor.run(Infinity);
    if (this.#conductor.isEndless) this.#evidence.add('I1: the run never comes to rest');
    const wasDone = this.#isDone();
    this.#conductor.heal();
    await this.#sweepUntilDone(GAPS_MS);
    const conductor = this.#conductor;
    const { ends } = this.#setting;
    if (this.#evidence.fault === null) {
      await this.#evidence.judge({
        conductor,
        ends,
        receiver: this.#receiver,
        store: this.#engine.store,
        nowMs: this.#clock.nowMs(),
        blobs: this.#blobs,
        seeds: this.#seeds,
      });
    }
    return { calls: conductor.calls, fault: this.#evidence.fault, wasDone };
  }

  async #sweepUntilDone(gapsMs: readonly number[]): Promise<void> {
    for (const gapMs of gapsMs) {
      await this.#conductor.run(this.#clock.nowMs() + gapMs);
      if (this.#isDone() || this.#evidence.fault !== null) return;
      void this.#platform.sweep();
      await this.#conductor.settle();
    }
    await this.#conductor.run(Infinity);
  }

  #isDone(): boolean {
    return (
      !this.#conductor.hasLate && this.#clock.timers().length === 0 && this.#evidence.isAtRest(this.#clock.nowMs())
    );
  }

  async #commit(writes: readonly Write[], call: CallOf): Promise<void> {
    await this.#engine.store.commit(writes);
    this.#evidence.committed(writes, call, {
      nowMs: this.#clock.nowMs(),
      max: this.#setting.max,
      runningLimit: this.#setting.runningLimit,
      blobs: this.#blobs,
      lives: (execution) => this.#platform.executions.get(execution)?.process.isAlive === true,
    });
    this.#platform.created(writes.filter(({ kind }) => kind === 'create').map(({ ref }) => ref));
  }

  #start(launched: Launched): void {
    const { execution, process } = launched;
    const clock = process.clockOf(this.#clock);
    const exit = (): void => this.#platform.ended(execution);
    // Of some that die the platform tells, of others only the lease.
    const crash = (): void => (this.#conductor.calls.length % 2 === 0 ? exit() : process.end());
    void work({
      launched,
      clock,
      exit,
      random: this.#ground.random,
      log: this.#ground.log,
      signals: this.#signals,
      leaveMs: this.#setting.leaveMs,
      door: doorOf({ conductor: this.#conductor, served: this.#served }, process, crash),
      upload: (path, bytes) => this.#blobs.set(path, bytes),
      computed: (job) => this.#evidence.computed(job, execution),
      gotSession: () => this.#evidence.gotSession(launched),
    });
  }

  #log(): Log {
    return {
      info: () => undefined,
      error: (message, fields) => {
        const fault = faultIn(message, fields, this.#conductor.isHurt);
        if (fault !== null) this.#evidence.add(fault);
      },
    };
  }
}

const acme = (running: number): Tenant => ({
  schema: 1,
  id: 'acme',
  title: 'Acme',
  accounts: [],
  limits: { running, queued: null },
  keyChanges: 0,
  createdAtMs: 0,
});

/** What a run is made of: one scenario, or several that share a queue. */
export interface Setting extends Omit<Scenario, 'name' | 'title' | 'clients' | 'ends'> {
  readonly startMs: number;
  /** Instances of each function. */
  readonly width: number;
  readonly clients: readonly { readonly prefix: string; readonly run: Scenario['clients'][number] }[];
  readonly ends: ReadonlyMap<string, readonly JobState[]>;
}
