import type { Job } from '../../domain/contract/job.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { find, type Change, type Doc, type Docs } from './documents.ts';
import { checkPlaces } from './place-invariants.ts';
import { Violation, type Actor, type Scenario, type World } from './world.ts';

/** A worker that has not renewed for so long is dead by its own rule (40 s), its process group too (10 s). */
const DEAD_AFTER_MS = 50_000;

const ENDED: readonly string[] = ['succeeded', 'failed', 'canceled', 'expired'];
const HELD: readonly string[] = ['reserved', 'starting', 'ready'];

const jobOf = (doc: Doc): Job => doc.data as unknown as Job;
const slotOf = (doc: Doc): Slot => doc.data as unknown as Slot;
export const jobsIn = (docs: Docs): Job[] => docs.filter((doc) => doc.collection === 'jobs').map(jobOf);
export const slotsIn = (docs: Docs): Slot[] => docs.filter((doc) => doc.collection === 'slots').map(slotOf);
const works = (slot: Slot): boolean => slot.state === 'ready' || slot.state === 'draining';

/** Every commit is looked at: what it changed, who made it, and what stands afterwards. */
export function checkCommit(
  scenario: Scenario,
  before: World,
  writer: Actor,
  changes: readonly Change[],
  docs: Docs,
): void {
  for (const change of changes) {
    if (change.path.startsWith('slots/')) checkSlotChange(before, writer, change);
    if (/^jobs\/[^/]+$/.test(change.path)) checkJobChange(change, changes);
  }
  checkSlotsAndJobs(docs);
  checkPlaces(before, writer, changes, docs);
  const slots = slotsIn(docs);
  const taken = slots.filter((slot) => slot.state !== 'free' || slot.index >= scenario.max);
  if (taken.length > scenario.max) throw new Violation(`${taken.length} slots are not free, of ${scenario.max}`);
  const held = slots.filter((slot) => HELD.includes(slot.state)).length;
  if (held > scenario.mostHeld) {
    throw new Violation(`${held} slots are held, where the target rule asks for ${scenario.mostHeld} at most`);
  }
}

function checkSlotChange(world: World, writer: Actor, { path, before, after }: Change): void {
  if (after === null) throw new Violation(`${path} was deleted`);
  const is = slotOf(after);
  if (before === null) return;
  const was = slotOf(before);
  if (is.fence < was.fence) throw new Violation(`the fence of ${path} fell from ${was.fence} to ${is.fence}`);
  if (is.state === 'reserved' && is.fence === was.fence && was.state !== 'reserved') {
    throw new Violation(`${path} was handed out without a new fence`);
  }
  if (!works(was)) return;
  const worker = was.execution ?? '';
  const lives = world.actors.some((actor) => actor.id === worker) && world.nowMs - before.updatedAtMs <= DEAD_AFTER_MS;
  const same = works(is) && is.fence === was.fence && is.execution === was.execution;
  if (lives && !same && writer.id !== worker) {
    throw new Violation(`${writer.id} took ${path} from ${worker}, which lives and holds its lease`);
  }
}

function checkJobChange({ path, before, after }: Change, changes: readonly Change[]): void {
  if (after === null) throw new Violation(`${path} was deleted`);
  const is = jobOf(after);
  const was = before === null ? null : jobOf(before);
  if (was !== null && was.state === is.state && was.version === is.version) return;
  if (was !== null && ENDED.includes(was.state)) throw new Violation(`${path} went from ${was.state} to ${is.state}`);
  if (is.version !== (was?.version ?? 0) + 1) {
    throw new Violation(`${path} went from version ${was?.version ?? 0} to ${is.version}`);
  }
  const event = changes.find((change) => change.path === `${path}/events/${is.version}`);
  if (event?.before !== null || event.after === null)
    throw new Violation(`version ${is.version} of ${path} has no event`);
  if (is.state !== 'succeeded') return;
  const by = (is.output as { by?: string } | null)?.by;
  const holder = was?.holder;
  if (holder == null || by !== `${holder.slot}/${holder.fence}/${holder.attempt}`) {
    const of = holder == null ? 'nobody' : `${holder.slot}/${holder.fence}/${holder.attempt}`;
    throw new Violation(`the result of ${by ?? '?'} was accepted for ${path}, held by ${of}`);
  }
}

/** A held job is listed by the slot of its holder, and a job listed by a working slot is held by it. */
function checkSlotsAndJobs(docs: Docs): void {
  for (const job of jobsIn(docs)) {
    const { holder } = job;
    const isHeld = job.state === 'running' || job.state === 'canceling';
    if (isHeld !== (holder !== null)) throw new Violation(`${job.id} is ${job.state} and ${isHeld ? 'not ' : ''}held`);
    if (holder === null) continue;
    const doc = find(docs, `slots/${holder.slot}`);
    const slot = doc === null ? null : slotOf(doc);
    const knows = slot !== null && slot.fence === holder.fence && slot.jobs.includes(job.id);
    if (!knows || !(works(slot) || slot.state === 'recovering')) {
      throw new Violation(`${job.id} is held by ${holder.slot} at fence ${holder.fence}, which does not have it`);
    }
  }
  for (const doc of docs) {
    if (doc.collection !== 'slots' || !works(slotOf(doc))) continue;
    const { fence, jobs } = slotOf(doc);
    for (const id of jobs) {
      const holder = jobsIn(docs).find((job) => job.id === id)?.holder;
      if (holder == null || `slots/${holder.slot}` !== doc.path || holder.fence !== fence) {
        throw new Violation(`${doc.path} lists ${id}, which it does not hold`);
      }
    }
  }
}

/** Null, or why a world that has come to rest is not as it should be. */
export function notEnded(world: World): string | null {
  const waiting = jobsIn(world.docs).filter((job) => !ENDED.includes(job.state));
  if (waiting.length > 0) return waiting.map((job) => `${job.id} is ${job.state}`).join(', ');
  const taken = slotsIn(world.docs).filter((slot) => slot.state !== 'free');
  return taken.length > 0 ? taken.map((slot) => `${slot.queue}~${slot.index} is ${slot.state}`).join(', ') : null;
}

/** With every worker computing and no message under way, nothing will look at the queue for long: the workers must be all there. */
export function checkNoneIdle(scenario: Scenario, world: World): void {
  if (scenario.longRuns !== true || world.harmed || world.nudges > 0) return;
  const computes = ({ role, at }: Actor): boolean =>
    role === 'worker' && [...at.calls.values()].every((call) => call.op === 'say' && call.what === 'computing');
  if (!world.actors.every(computes)) return;
  const queued = jobsIn(world.docs).filter((job) => job.state === 'queued').length;
  const held = slotsIn(world.docs).filter((slot) => HELD.includes(slot.state)).length;
  if (queued > 0 && held < scenario.max) {
    throw new Violation(`${queued} jobs wait beside ${scenario.max - held} idle slots while long jobs run`);
  }
}
