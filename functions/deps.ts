import type { Catalogue } from '../domain/contract/model.ts';
import type {
  Blobs,
  Bus,
  Calls,
  ClientTokens,
  Clock,
  Http,
  IdTokens,
  Launcher,
  Log,
  MetricSink,
  Random,
  Secrets,
  Store,
} from '../domain/ports.ts';
import type { Settings } from '../domain/settings.ts';

/** All that functions stand on; a start file hands each of them the part it needs. */
export interface Deps {
  readonly store: Store;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly launcher: Launcher;
  readonly blobs: Blobs;
  readonly metrics: MetricSink;
  readonly secrets: Secrets;
  readonly tokens: ClientTokens;
  readonly idTokens: IdTokens;
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  /** What the names of this deployment's topics begin with. */
  readonly topicPrefix: string;
}

type Always = 'clock' | 'log' | 'settings';

/** What each function stands on, and no more: what it may do in production stands in eventarc/grants.ts. */
export type ApiDeps = SubmitDeps & Pick<Deps, 'blobs' | 'tokens' | 'idTokens'>;
/** What it takes to accept a job, whichever way the request came. */
export type SubmitDeps = Pick<Deps, Always | 'store' | 'bus' | 'secrets' | 'random' | 'catalogue'> & {
  /** Only to see that a file is there. */
  readonly blobs: Pick<Blobs, 'size'>;
  /** Only to refuse addresses when they are given; what sends to them is deliver-webhook. */
  readonly http: Pick<Http, 'check'>;
};
export type IntakeDeps = SubmitDeps & Pick<Deps, 'topicPrefix'>;
export type DispatchDeps = Pick<Deps, Always | 'store' | 'bus' | 'launcher' | 'random' | 'catalogue'>;
export type DoorDeps = Pick<Deps, Always | 'store' | 'bus' | 'blobs' | 'random' | 'catalogue'>;
export type SettleDeps = Pick<Deps, Always | 'store' | 'bus' | 'catalogue'> & {
  readonly blobs: Pick<Blobs, 'remove'>;
  readonly metrics: Pick<MetricSink, 'settled'>;
};
export type DeliverDeps = Pick<Deps, Always | 'store' | 'http' | 'random'>;
export type SweepDeps = Pick<Deps, Always | 'calls' | 'catalogue'> & {
  readonly metrics: Pick<MetricSink, 'gauges'>;
  readonly store: Pick<Store, 'get' | 'query' | 'count'>;
};
