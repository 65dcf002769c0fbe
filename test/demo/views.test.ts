import { expect, test } from '@jest/globals';
import type { JobResource } from '../../domain/contract/http.ts';
import { plainLines } from '../../local/demo/views.ts';
import { succeeded } from './outcome.ts';

const at = (state: JobResource['state'], fraction: number | null = null, message: string | null = null) =>
  succeeded('slide-text', {
    state,
    progress: fraction === null && message === null ? null : { fraction, message, at: '2026-01-01T00:00:00.000Z' },
  });

test('without a terminal there is a line for each change of state and each quarter, no other, no control character', () => {
  const lines: string[] = [];
  let nowMs = 1_000;
  const view = plainLines(
    (line) => lines.push(line),
    () => nowMs,
  );
  view.show(at('queued'));
  view.show(at('queued'));
  nowMs += 1_250;
  view.show(at('running'));
  view.show(at('running', 0.2, 'page 1 of 5'));
  view.show(at('running', 0.4, 'page 2\u001b[2J of 5'));
  view.show(at('running', 0.45, 'page 2 of 5'));
  view.show(at('running', 1, 'page 5 of 5'));
  view.show(at('succeeded', 1));
  view.show(at('succeeded', 1));
  view.close();
  expect(lines).toEqual([
    '   0.0 s  slide-text      0 %  queued',
    '   1.3 s  slide-text      0 %  running',
    '   1.3 s  slide-text     40 %  page 2 [2J of 5',
    '   1.3 s  slide-text    100 %  page 5 of 5',
    '   1.3 s  slide-text    100 %  succeeded',
  ]);
});

test('a job that waits says for what', () => {
  const lines: string[] = [];
  const waiting = succeeded('slide-fields', { state: 'blocked', blocked: { reason: 'dependency', until: null } });
  plainLines(
    (line) => lines.push(line),
    () => 0,
  ).show(waiting);
  expect(lines).toEqual(['   0.0 s  slide-fields    0 %  waits (dependency)']);
});
