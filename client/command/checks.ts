import type { HealthResource } from '../../domain/contract/health.ts';
import { span } from './text.ts';

/** What doctor found out of one thing. `warn` is what does without: a model that cannot run here, emulators that nobody starts. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly remedy: readonly string[];
}

export const ok = (name: string, detail: string): Check => ({ name, state: 'ok', detail, remedy: [] });
export const fail = (name: string, detail: string, remedy: readonly string[]): Check => ({
  name,
  state: 'fail',
  detail,
  remedy,
});

export const warn = (name: string, detail: string): Check => ({ name, state: 'warn', detail, remedy: [] });

const STATE = { ok: 'ok', degraded: 'warn', down: 'fail' } as const;
const LOG = ['the log of api says more'];

/** What Slipway says of itself: in one line where all is well, and then whatever is not. */
export function healthChecks({ status, version, commit, checks = [], sweep }: HealthResource): Check[] {
  const build = `version ${version}${commit === null || commit === undefined ? '' : `, commit ${commit}`}`;
  const state = STATE[status];
  return [
    { name: 'health', state, detail: `${status}, ${build}`, remedy: [] },
    ...checks.flatMap(({ name, status: one, detail = 'down' }): Check[] =>
      one === 'down' ? [{ name, state: name === 'store' ? 'fail' : 'warn', detail, remedy: LOG }] : [],
    ),
    ...(sweep === undefined ? [] : [sweepCheck(sweep)]),
  ];
}

function sweepCheck({ status, ageSeconds }: NonNullable<HealthResource['sweep']>): Check {
  const ago = ageSeconds === null ? null : `its last run ended ${span(ageSeconds * 1_000)} ago`;
  const warn = (detail: string, remedy: string): Check => ({ name: 'sweep', state: 'warn', detail, remedy: [remedy] });
  if (ago === null) {
    return status === 'never'
      ? warn('has not run yet', 'it does within a minute; on Google Cloud the scheduler must call it')
      : warn('nothing is known of it', 'look at the store first');
  }
  if (status === 'ok') return ok('sweep', ago);
  return status === 'incomplete'
    ? warn(`${ago}, and some of its steps failed`, 'its log says which; the next one makes them again')
    : warn(ago, 'on Google Cloud the scheduler must call it each minute; its log says more');
}
