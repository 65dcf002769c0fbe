import type { Bus, Clock } from '../../domain/ports.ts';

/** How a publish went; `latencyMs` is null where it failed. */
export interface Published {
  readonly atMs: number;
  readonly latencyMs: number | null;
}

const last = new WeakMap<Bus, Published>();

/**
 * The same bus, of which `lastPublish` tells how its last publish went: of a topic to which one may only publish nothing can be
 * asked, and a message that is sent to see whether it goes would wake dispatch.
 */
export function notingBus(bus: Bus, clock: Clock): Bus {
  const noting: Bus = {
    async publish(topic, message) {
      const startedAtMs = clock.nowMs();
      try {
        await bus.publish(topic, message);
      } catch (error) {
        last.set(noting, { atMs: clock.nowMs(), latencyMs: null });
        throw error;
      }
      last.set(noting, { atMs: clock.nowMs(), latencyMs: clock.nowMs() - startedAtMs });
    },
  };
  return noting;
}

/** Null where nothing was published yet. */
export const lastPublish = (bus: Bus): Published | null => last.get(bus) ?? null;
