import type { Call } from './stepping-store.ts';
import type { LaunchFault, Scenario, World } from './world.ts';

export type How = 'as asked' | 'unclear, done' | 'unclear, not done' | 'sent twice' | LaunchFault;

/** What may happen next. */
export type Choice =
  | { readonly kind: 'answer'; readonly actor: string; readonly call: number; readonly how: How }
  | { readonly kind: 'deliver'; readonly again: boolean }
  | { readonly kind: 'crash'; readonly actor: string }
  | { readonly kind: 'leap' };

/**
 * Everything that may happen next. A step that nothing else can feel or change (an actor hands a message over, or says
 * something to the explorer) is taken before all others: any order with it leads to the same world.
 */
export function choicesIn(scenario: Scenario, world: World): Choice[] {
  const { budget, actors } = world;
  const leap: Choice[] = budget.leap > 0 && actors.length > 0 ? [{ kind: 'leap' }] : [];
  for (const actor of actors) {
    for (const [call, what] of actor.at.calls) {
      if (!isPrivate(what, world)) continue;
      const crash: Choice[] = budget.crash > 0 ? [{ kind: 'crash', actor: actor.id }] : [];
      return [{ kind: 'answer', actor: actor.id, call, how: 'as asked' }, ...crash, ...leap];
    }
  }
  const choices: Choice[] = [];
  for (const actor of actors) {
    for (const [call, what] of actor.at.calls) {
      // It is answered when the one that was called has ended.
      if (what.op === 'due') continue;
      for (const how of waysOf(scenario, world, what)) choices.push({ kind: 'answer', actor: actor.id, call, how });
    }
    if (budget.crash > 0) choices.push({ kind: 'crash', actor: actor.id });
  }
  const dispatching = actors.filter(({ role }) => role === 'dispatch').length;
  if (scenario.triggers !== false && world.nudges > 0 && dispatching < (scenario.dispatchers ?? 2)) {
    choices.push({ kind: 'deliver', again: false });
    if (budget.duplicate > 0) choices.push({ kind: 'deliver', again: true });
  }
  return [...choices, ...leap];
}

function isPrivate(call: Call, world: World): boolean {
  if (call.op === 'say') return call.what === 'has_session' || (call.what === 'finishing' && world.budget.repeat === 0);
  return ['publish', 'cancel', 'status', 'find'].includes(call.op);
}

function waysOf(scenario: Scenario, { budget }: World, call: Call): How[] {
  if (call.op === 'commit' && budget.unclear > 0) return ['as asked', 'unclear, done', 'unclear, not done'];
  if (call.op === 'launch' && budget.launch > 0) return ['as asked', ...(scenario.launches ?? [])];
  if (call.op === 'say' && call.what === 'finishing') return ['as asked', 'sent twice'];
  return ['as asked'];
}
