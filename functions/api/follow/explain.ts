import type { Explanation } from '../../../domain/contract/follow.ts';
import { explain } from '../../../domain/explain.policy.ts';
import { SECOND } from '../../../domain/time.ts';
import type { ApiDeps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { ownJob } from '../own-job.ts';
import type { Call } from '../route.ts';
import { eventsAfter } from './timeline.ts';

/** `GET /v1/jobs/{id}/explain`: why the job is where it is, in plain sentences. @throws RequestError not_found, gone */
export async function getExplanation(deps: ApiDeps, call: Call): Promise<Answer> {
  const { data: job } = await ownJob(deps, call);
  const events = await eventsAfter(deps, job, 0);
  const { sentences, timeline } = explain(job, events, deps.clock.nowMs());
  const body: Explanation = {
    sentences: [...sentences],
    timeline: timeline.map(({ atMs, state, reason, ms }) => ({
      at: new Date(atMs).toISOString(),
      state,
      reason,
      seconds: ms === null ? null : ms / SECOND,
    })),
  };
  return { status: 200, body };
}
