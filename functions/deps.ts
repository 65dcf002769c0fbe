import type { Catalogue } from '../domain/contract/model.ts';
import type {
  Blobs,
  Bus,
  Calls,
  Clock,
  Http,
  Launcher,
  Log,
  MetricSink,
  Random,
  Secrets,
  Store,
} from '../domain/ports.ts';
import type { Settings } from '../domain/settings.ts';

/** What the functions stand on; a start file hands it in, and each function asks for the part it needs. */
export interface Deps {
  readonly store: Store;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly launcher: Launcher;
  readonly blobs: Blobs;
  readonly metrics: MetricSink;
  readonly secrets: Secrets;
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
}
