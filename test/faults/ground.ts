import type { Catalogue } from '../../domain/contract/model.ts';
import type { SettledRecord } from '../../domain/metrics.ts';
import type { Clock, Log, Random, Store, Write } from '../../domain/ports.ts';
import type { Settings } from '../../domain/settings.ts';
import type { CallOf } from './call.ts';
import type { Conductor } from './conductor.ts';
import type { Platform } from './platform.ts';
import type { Receiver } from './receiver.ts';

/** What the ports of every process stand on. */
export interface Ground {
  readonly conductor: Conductor;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly store: Store;
  readonly platform: Platform;
  readonly receiver: Receiver;
  /** Bytes of each blob that is there. */
  readonly blobs: Map<string, number>;
  commit(writes: readonly Write[], call: CallOf): Promise<void>;
  counted(record: SettledRecord, call: CallOf): void;
  readonly settings: Settings;
}
