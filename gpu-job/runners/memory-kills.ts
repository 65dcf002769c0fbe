import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/**
 * Call it before a run; what it returns says afterwards whether a SIGKILL in between was plausibly the kernel's for lack of
 * memory: the control group's count of such kills rose, or there is no count to read and no other sender to suspect.
 */
export function watchMemoryKills(count: () => number | null = memoryKills): () => boolean {
  const before = count();
  return () => {
    const after = count();
    return before === null || after === null || after > before;
  };
}

/** How many processes of this control group the kernel has killed for memory (cgroup 2, or 1); null where it does not say. */
function memoryKills(): number | null {
  const groups = read('/proc/self/cgroup') ?? '';
  const unified = /^0::(.*)$/m.exec(groups)?.[1] ?? '/';
  const memory = /^\d+:memory:(.*)$/m.exec(groups)?.[1] ?? '/';
  const files = [
    join(ROOT, unified, 'memory.events'),
    join(ROOT, 'memory.events'),
    join(ROOT, 'memory', memory, 'memory.oom_control'),
    join(ROOT, 'memory', 'memory.oom_control'),
  ];
  for (const file of files) {
    const found = /^oom_kill (\d+)$/m.exec(read(file) ?? '')?.[1];
    if (found !== undefined) return Number(found);
  }
  return null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
