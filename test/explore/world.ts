import type { JobEvent } from '../../domain/contract/job.ts';
import type { Due, LaunchRequest } from '../../domain/ports.ts';
import type { Docs } from './documents.ts';
import type { Position } from './positions.ts';
import type { ActorCode } from './stepping-store.ts';

export type Role = 'submit' | 'dispatch' | 'worker' | 'sweep' | 'settle' | 'other';

export interface Actor {
  readonly id: string;
  readonly role: Role;
  readonly at: Position;
  /** Whose call with ids this actor's work is; that call is answered when it ends. */
  readonly caller?: { readonly id: string; readonly call: number };
}

/** How many more of each fault may happen. */
export interface Budget {
  /** An actor stops between two steps and never goes on. */
  readonly crash: number;
  /** A commit answers "unclear", whether or not it was made. */
  readonly unclear: number;
  /** A nudge comes once more than it was published. */
  readonly duplicate: number;
  /** A launch goes as one of `Scenario.launches` says. */
  readonly launch: number;
  /** The clock passes every lease and timeout. */
  readonly leap: number;
  /** A worker's finish is sent a second time, to arrive at any later moment. */
  readonly repeat: number;
}

export type LaunchFault = 'started_two' | 'failed' | 'failed_but_started' | 'ambiguous' | 'ambiguous_but_started';

/** Everything that decides what can happen next; never changed, only replaced. */
export interface World {
  readonly docs: Docs;
  readonly nowMs: number;
  /** Nudges published and not delivered. */
  readonly nudges: number;
  /** By id. */
  readonly actors: readonly Actor[];
  readonly budget: Budget;
  /** Whether something has happened after which sweep may be needed. */
  readonly harmed: boolean;
  /** `slot~fence=execution` of each session that a worker believes to have. */
  readonly sessions: readonly string[];
  /** The jobs held by a claim that went by a limit of its tenant which had been changed when the claim was made. */
  readonly late: readonly string[];
}

/** What the platform calls an execution of a launch; a launch may have twins. */
export const executionName = (slot: string, fence: number, twin: string): string =>
  `${slot.replaceAll(/[@~]/g, '-')}-${fence}${twin}`;

export interface NewActor {
  readonly id: string;
  readonly role: Role;
  readonly code: ActorCode;
  readonly caller?: Actor['caller'];
}

export interface Scenario {
  /** What holds, as a test's title says it. */
  readonly title: string;
  readonly name: string;
  readonly budget: Partial<Budget>;
  readonly launches?: readonly LaunchFault[];
  readonly max: number;
  /** The most slots that the target rule can ask for, whatever happens. */
  readonly mostHeld: number;
  /** Jobs to be submitted, and jobs whose submission is over, with their nudges under way. */
  readonly submits: number;
  readonly stored: number;
  /** How many nudges are worked on at the same time at most; 2 unless said otherwise, 0 if what they start is no matter. */
  readonly dispatchers?: number;
  /** False: no nudge is ever delivered. */
  readonly triggers?: boolean;
  /** Jobs take long beside a boot: then no slot may be left idle beside waiting jobs. */
  readonly longRuns?: boolean;
  readonly start: Docs;
  readonly actors: readonly NewActor[];
  /** The code that a nudge starts, and the code that an execution runs. */
  readonly dispatcher: (id: string) => NewActor;
  readonly worker: (request: LaunchRequest, execution: string) => NewActor;
  readonly sweeper: (id: string) => NewActor;
  readonly due: (id: string, to: keyof Due, ids: Due[keyof Due]) => NewActor | null;
  readonly repeatedFinish: (id: string, about: unknown) => NewActor;
  /** The code that the trigger of a created event starts, where the scenario has triggers and the event matters to it. */
  readonly settler: (path: string, event: JobEvent) => NewActor | null;
  /** What must be true when nothing can move any more and nothing was lost; by default every job has ended and every slot is free. */
  readonly atRest?: (world: World) => string | null;
}

/** What must never be is. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Equal keys: the same things can happen from here on. */
export function keyOf(world: World): string {
  const { docs, nowMs, nudges, actors, budget, harmed, sessions, late } = world;
  const faults = `${budget.crash}${budget.unclear}${budget.duplicate}${budget.launch}${budget.leap}${budget.repeat}`;
  let key = `${nowMs} ${nudges} ${faults}${harmed ? 'h' : ''}`;
  for (const doc of docs) key += ` ${doc.id}`;
  for (const actor of actors) key += ` ${actor.id}:${actor.at.id}`;
  for (const session of sessions) key += ` ${session}`;
  for (const job of late) key += ` late ${job}`;
  return key;
}
