import type { JobResource } from '../../domain/contract/http.ts';
import type { Named } from '../../local/demo/jobs.ts';
import type { Outcome } from '../../local/demo/report.ts';

const AT = '2026-01-01T00:00:00.000Z';

/** A job that has succeeded, as the interface shows it; `more` says what matters to a test. */
export function succeeded(name: string, more: Partial<JobResource> = {}): Named {
  const attempt = { attempt: 1, worker: 'w-1', cold: true, startedAt: AT, endedAt: AT, outcome: 'succeeded' } as const;
  const job: JobResource = {
    id: `id-of-${name}`,
    model: name,
    state: 'succeeded',
    blocked: null,
    version: 3,
    attempt: 1,
    priority: 'normal',
    input: {},
    inputFrom: [],
    dependsOn: [],
    output: {},
    error: null,
    artifacts: [],
    metrics: {},
    progress: null,
    attempts: [{ ...attempt, error: null }],
    timing: { queuedSeconds: 1.254, bootSeconds: 1.1, loadSeconds: 0.5, runSeconds: 12.345 },
    cost: {
      hardware: 'l4',
      bootUsd: 0.001,
      computeUsd: 0.01,
      idleUsd: 0.0001,
      totalUsd: 0.0111,
      priceDate: '2026-08',
      verified: false,
    },
    webhook: null,
    metadata: {},
    labels: [],
    retryOf: null,
    notBefore: null,
    createdAt: AT,
    queuedAt: AT,
    startedAt: AT,
    finishedAt: AT,
    startBy: AT,
    times: {
      startDeadlineSeconds: 86_400,
      startupTimeoutSeconds: 600,
      runTimeoutSeconds: 600,
      retentionSeconds: 3_600,
    },
    purgeAt: null,
    ...more,
  };
  return { name, job };
}

/** What two jobs and one molecule came to. */
export function outcome(more: Partial<Outcome> = {}): Outcome {
  const text = succeeded('slide-text');
  const [cold] = text.job.attempts;
  const warm = succeeded('aspirin', {
    attempts: cold === undefined ? [] : [{ ...cold, cold: false }],
    timing: { queuedSeconds: 0.004, bootSeconds: null, loadSeconds: null, runSeconds: 1 },
  });
  return {
    deck: 'deck.pdf',
    jobs: [text, warm],
    text: { pages: [{ page: 1, width: 1440, height: 810, confidence: 94.6, text: 'Acme, Inc.\nSeed round' }] },
    fields: {
      company: 'Acme, Inc.',
      amounts: [
        { text: '$8.5 million', value: 8_500_000, currency: 'USD', page: 1 },
        { text: '$1-2 million', value: null, currency: 'USD', page: 1 },
      ],
      dates: [{ text: 'October 31, 2025', iso: '2025-10-31', page: 1 }],
      people: [{ name: 'Ada Example', role: 'CEO', page: 1 }],
      categories: [{ page: 1, category: 'cover', confidence: 0.667 }],
    },
    ligands: [
      {
        name: 'aspirin',
        ligand: {
          formula: 'C9H8O4',
          weight: 180.1585,
          logP: 1.1314,
          tpsa: 63.6,
          energy: { before: 102.2196, after: 18.9098, converged: true },
          toxicity: { mutagenic: 'high', tumorigenic: 'low', irritant: 'none', reproductive: 'unknown' },
        },
      },
    ],
    downloads: [{ job: 'slide-text', name: 'page-1.png', sizeBytes: 95_400, image: { width: 1440, height: 810 } }],
    received: [
      { messageId: 'm1', type: 'job.queued', jobId: text.job.id, version: 1 },
      { messageId: 'm3', type: 'job.succeeded', jobId: text.job.id, version: 3 },
      { messageId: 'm2', type: 'job.started', jobId: text.job.id, version: 2 },
      { messageId: 'm2', type: 'job.started', jobId: text.job.id, version: 2 },
    ],
    ...more,
  };
}
