import { readFileSync } from 'node:fs';
import type { SourceMap, SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Log } from '../domain/ports.ts';

/** A place in built code, as a stack trace names it. */
const BUILT = /(file:\/\/\/[^\s()]+\.mjs):(\d+):(\d+)/g;

const maps = new Map<string, SourceMap | null>();

/**
 * A log in which stack traces name places in the sources and not in the bundle. The maps are read with the first error: had
 * Node been told to read them (`--enable-source-maps`), every start would pay for them.
 */
export const withSourcePositions = (log: Log): Log => ({
  ...log,
  error: (message, fields = {}) => {
    const shown = { ...fields };
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === 'string') shown[name] = sourcePositions(value);
    }
    log.error(message, shown);
  },
});

/** The text with each place in built code given by its source, where there is a map beside it. */
export function sourcePositions(text: string): string {
  return text.replace(BUILT, (built, file: string, line: string, column: string) => {
    const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !('originalSource' in entry)) return built;
    const source = entry.originalSource.replace(/^(\.\.\/)+/, '');
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | null {
  let map = maps.get(file);
  if (map === undefined) {
    map = read(file);
    maps.set(file, map);
  }
  return map;
}

function read(file: string): SourceMap | null {
  try {
    const text = readFileSync(`${fileURLToPath(file)}.map`, 'utf8');
    // Not imported, since it is loaded with whoever imports it.
    const { SourceMap: Map } = process.getBuiltinModule('node:module');
    return new Map(JSON.parse(text) as SourceMapPayload);
  } catch {
    return null;
  }
}
