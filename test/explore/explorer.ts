import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { HOUR } from '../../domain/time.ts';
import { notEnded } from './invariants.ts';
import { Positions } from './positions.ts';
import { choicesIn, type Choice } from './choices.ts';
import { Steps, type Tell } from './steps.ts';
import { keyOf, Violation, type Scenario, type World } from './world.ts';

export const START_MS = Date.UTC(2026, 10, 21);

/** Sweeps after which everything must have ended, and steps that one of them may take with all it starts. */
const SWEEPS = 12;
const STEPS_OF_SWEEP = 2_000;
/** Lines of a way that anyone will read. */
const TOLD = 200;

const NO_FAULTS = { crash: 0, unclear: 0, duplicate: 0, launch: 0, leap: 0, repeat: 0 };

export interface Explored {
  readonly scenario: string;
  /** Different worlds reached, and steps between them. */
  readonly worlds: number;
  readonly steps: number;
  /** Worlds in which nothing can move any more; from each of them sweep alone was tried. */
  readonly atRest: number;
  /** Different places that the real code was in, over all actors. */
  readonly positions: number;
  readonly ms: number;
  readonly violation: { readonly message: string; readonly trace: readonly string[] } | null;
}

/**
 * Reaches every world that a scenario can come to, breadth first, so that a violation is told by a shortest way to it.
 * @throws Error if there are more than `cap` worlds: what was not reached must not pass for explored
 */
export async function explore(scenario: Scenario, cap: number): Promise<Explored> {
  const beganMs = performance.now();
  const positions = new Positions();
  const steps = new Steps(scenario, positions);
  const first = await begin(scenario, steps);
  const seen = new Set([keyOf(first)]);
  const parents: number[] = [-1];
  const ways: (Choice | null)[] = [null];
  const recovered = new Set<string>();
  let stepCount = 0;
  let atRest = 0;
  const result = (violation: Explored['violation']): Explored => ({
    scenario: scenario.name,
    worlds: seen.size,
    steps: stepCount,
    atRest,
    positions: positions.counts.positions,
    ms: Math.round(performance.now() - beganMs),
    violation,
  });
  const wayTo = (index: number, last?: Choice): Choice[] => {
    const way = last === undefined ? [] : [last];
    for (let at = index; at > 0; at = parents[at] ?? 0) {
      const choice = ways[at];
      if (choice != null) way.unshift(choice);
    }
    return way;
  };

  let frontier: { world: World; index: number }[] = [{ world: first, index: 0 }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { world, index } of frontier) {
      if (world.actors.length === 0) {
        const fault = await faultAtRest(scenario, steps, world, recovered);
        if (fault !== null) return result(await told(scenario, steps, wayTo(index), fault));
        atRest += 1;
      }
      for (const choice of choicesIn(scenario, world)) {
        stepCount += 1;
        let reached: World;
        try {
          reached = await steps.take(world, choice);
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          return result(await told(scenario, steps, wayTo(index, choice), null));
        }
        const key = keyOf(reached);
        if (seen.has(key)) continue;
        seen.add(key);
        if (seen.size > cap)
          throw new Error(`${scenario.name}: more than ${cap} worlds; raise the cap or narrow the bounds`);
        parents.push(index);
        ways.push(choice);
        next.push({ world: reached, index: parents.length - 1 });
      }
    }
    frontier = next;
  }
  return result(null);
}

async function begin(scenario: Scenario, steps: Steps): Promise<World> {
  let world: World = {
    docs: scenario.start,
    nowMs: START_MS,
    nudges: scenario.stored,
    actors: [],
    budget: { ...NO_FAULTS, ...scenario.budget },
    harmed: scenario.triggers === false,
    sessions: [],
    late: [],
  };
  for (const actor of scenario.actors) world = await steps.spawn(world, actor);
  return world;
}

/** Null, or what is wrong with a world in which nothing moves: without harm it must have ended by itself, and always sweep must end it. */
async function faultAtRest(
  scenario: Scenario,
  steps: Steps,
  world: World,
  recovered: Set<string>,
): Promise<string | null> {
  if (!world.harmed && (world.nudges === 0 || scenario.dispatchers === 0)) {
    const fault = (scenario.atRest ?? notEnded)(world);
    if (fault !== null) return `nothing moves any more, nothing was lost, and yet ${fault}`;
  }
  const key = world.docs.map((doc) => doc.id).join();
  if (recovered.has(key)) return null;
  recovered.add(key);
  try {
    return await sweepToTheEnd(scenario, steps, world);
  } catch (error) {
    if (error instanceof Violation) return error.message;
    throw error;
  }
}

/** With every message lost from here on, sweep alone must get every job ended and every slot freed. */
async function sweepToTheEnd(scenario: Scenario, steps: Steps, from: World, tell?: Tell): Promise<string | null> {
  let world: World = { ...from, nudges: 0, harmed: true };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    if (notEnded(world) === null) return null;
    // Longer than any lease, timeout or back-off, the one after failed boots included.
    world = { ...world, nowMs: world.nowMs + HOUR + DEFAULT_SETTINGS.maxBackoffMs };
    tell?.('hours later, messages lost, sweep runs');
    world = await steps.spawn(world, scenario.sweeper('sweep'));
    for (let step = 0; world.actors.length > 0; step += 1) {
      // Whoever can move does, in a fixed order: what may interleave was explored before.
      const [choice] = choicesIn(scenario, { ...world, budget: NO_FAULTS });
      if (choice === undefined || step > STEPS_OF_SWEEP) return 'a sweep never comes to rest';
      world = lost(await steps.take(world, choice, tell));
    }
  }
  const left = notEnded(world);
  return left === null ? null : `after ${SWEEPS} sweeps ${left}`;
}

/** Without what was to be delivered. */
const lost = (world: World): World => ({
  ...world,
  nudges: 0,
  actors: world.actors.filter(({ role }) => role !== 'settle'),
});

/** Goes a way once more, in words, to where it fails. */
async function told(
  scenario: Scenario,
  steps: Steps,
  way: readonly Choice[],
  atRest: string | null,
): Promise<{ message: string; trace: string[] }> {
  const trace: string[] = [];
  const tell = (line: string): void => {
    if (trace.length < TOLD) trace.push(line);
  };
  let world = await begin(scenario, steps);
  try {
    for (const choice of way) world = await steps.take(world, choice, tell);
    const end = trace.length;
    if ((await sweepToTheEnd(scenario, steps, world, tell)) === null) trace.length = end;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { message: atRest ?? error.message, trace };
  }
  return { message: atRest ?? 'no violation the second time: the explorer is at fault', trace };
}
