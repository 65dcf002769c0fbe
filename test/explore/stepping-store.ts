import { createHash } from 'node:crypto';
import type {
  Bus,
  Calls,
  Clock,
  Cursor,
  Due,
  Launcher,
  LaunchRequest,
  Random,
  Store,
  Write,
} from '../../domain/ports.ts';
import type { Scalar, ShapeName } from '../../domain/shapes.ts';

type Where = Readonly<Record<string, Scalar>>;

/** What an actor asks of the world, as plain data. `say` is a scenario's own word: it tells the world where the actor is. */
export type Call =
  | { readonly op: 'get'; readonly path: string }
  | {
      readonly op: 'query';
      readonly shape: ShapeName;
      readonly where: Where;
      readonly limit: number;
      readonly after: Cursor | null;
    }
  | { readonly op: 'count'; readonly shape: ShapeName; readonly where: Where; readonly limit: number }
  | { readonly op: 'commit'; readonly writes: readonly Write[] }
  | { readonly op: 'publish'; readonly queue: string }
  | { readonly op: 'launch'; readonly request: LaunchRequest }
  | { readonly op: 'cancel' | 'status' | 'find'; readonly execution: string }
  | { readonly op: 'due'; readonly to: keyof Due; readonly ids: Due[keyof Due] }
  | { readonly op: 'say'; readonly what: Said; readonly about: unknown };

export type Said = 'has_session' | 'stole_session' | 'computing' | 'finishing';

/** What the world answers; `text` stands for all of it. */
export interface Answer {
  readonly text: string;
  readonly value?: unknown;
  readonly error?: Error;
}

/** What an actor's code stands on: every call parks until the explorer answers it. */
export interface SteppingPorts {
  readonly store: Store;
  readonly bus: Bus;
  readonly launcher: Launcher;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  say(what: Said, about: unknown): Promise<void>;
}

export interface ActorCode {
  /** Names the code, all it is started with and all that follows: two of the same key behave alike. */
  readonly key: string;
  run(ports: SteppingPorts): Promise<unknown>;
  /** What the same actor does next; null where it is done. Nothing is carried over but what the next code's key names. */
  readonly then?: (ended: Ended) => ActorCode | null;
}

export interface Ended {
  readonly value: unknown;
  readonly error: unknown;
}

interface Parked {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const numbers = new Map<string, number>();

/** A small number for a text, the same each time. */
export function numberOf(text: string): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  numbers.set(text, numbers.size);
  return numbers.size - 1;
}

/**
 * One run of an actor's real code, stopped wherever it waits for a port. It knows no time but the one it was last answered
 * at, and its randomness follows from what it was answered, so that the same answers always bring it to the same place.
 */
export class SteppingRun {
  readonly parked = new Map<number, Parked>();
  ended: Ended | null = null;
  #nowMs: number;
  #seed: string;
  #draws = 0;
  readonly #asked = new Map<string, number>();

  constructor(code: ActorCode, nowMs: number, seed: string) {
    this.#nowMs = nowMs;
    this.#seed = seed;
    code.run(this.#ports()).then(
      (value) => (this.ended = { value, error: null }),
      (error: unknown) => (this.ended = { value: null, error }),
    );
  }

  /** Lets one parked call go on; what follows from it happens in the microtasks after. */
  answer(number: number, answer: Answer, nowMs: number, seed: string): void {
    const parked = this.parked.get(number);
    if (parked === undefined) throw new Error('the actor did not make this call: it is not deterministic');
    this.parked.delete(number);
    this.#nowMs = nowMs;
    this.#seed = seed;
    if (answer.error === undefined) parked.resolve(answer.value);
    else parked.reject(answer.error);
  }

  async #park<T>(call: Call): Promise<T> {
    const text = JSON.stringify(call);
    const before = this.#asked.get(text) ?? 0;
    this.#asked.set(text, before + 1);
    const number = numberOf(`${text}#${before}`);
    return new Promise((resolve, reject) => {
      this.parked.set(number, { call, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  #ports(): SteppingPorts {
    const park = <T>(call: Call): Promise<T> => this.#park<T>(call);
    const draw = (): string =>
      createHash('sha256')
        .update(`${this.#seed} ${(this.#draws += 1)}`)
        .digest('hex');
    return {
      store: {
        get: (ref) => park({ op: 'get', path: ref.path }),
        commit: (writes) => park({ op: 'commit', writes }),
        // Whole documents, whatever fields are asked for: what was not asked for is not to be had by type.
        query: (shape, where, { limit, after, until }) => {
          if (until !== undefined) throw new Error('no explored code ends a query by a value');
          return park({ op: 'query', shape, where, limit, after: after ?? null });
        },
        count: (shape, where, limit) => park({ op: 'count', shape, where, limit }),
        watch: () => {
          throw new Error('no explored code watches');
        },
      },
      bus: {
        publish: (topic, message) => {
          if (topic !== 'nudges' || !('queue' in message)) throw new Error('no explored code owes deliveries');
          return park({ op: 'publish', queue: message.queue });
        },
      },
      launcher: {
        launch: (request) => park({ op: 'launch', request }),
        cancel: ({ execution }) => park({ op: 'cancel', execution }),
        status: ({ execution }) => park({ op: 'status', execution }),
        find: ({ slot, fence }) => park({ op: 'find', execution: `${slot}#${fence}` }),
        aliveSinceMs: null,
      },
      calls: { due: (to, ids) => park({ op: 'due', to, ids }) },
      clock: {
        nowMs: () => this.#nowMs,
        after: () => {
          throw new Error('no explored code sets a timer');
        },
      },
      random: { id: () => draw().slice(0, 26), hex: (bytes) => draw().slice(0, 2 * bytes), unit: () => 0 },
      say: (what, about) => park({ op: 'say', what, about }),
    };
  }
}
