import type { WebhookEventType } from '../../domain/contract/job.ts';
import type { Downloaded } from './downloads.ts';
import type { SlideFields, SlideText, Named } from './jobs.ts';
import type { ReceivedEvent } from './receiver.ts';

/** Lines of local/demo/make-deck.ts that the models must have found. */
const IN_OUR_DECK = { company: 'Tidewater Robotics, Inc.', value: 8_500_000, currency: 'USD', iso: '2025-10-31' };

/** A webhook that a succeeded job owes: its last three moves are these, whatever came before. */
const LAST_MOVES: readonly WebhookEventType[] = ['job.queued', 'job.started', 'job.succeeded'];

/** The webhooks still owed for jobs that have succeeded, each as `slide-text: job.queued (version 1)`. */
export function missingWebhooks(jobs: readonly Named[], received: readonly ReceivedEvent[]): string[] {
  return jobs.flatMap(({ name, job }) =>
    LAST_MOVES.flatMap((type, i) => {
      const version = job.version - LAST_MOVES.length + 1 + i;
      const isHere = received.some(
        (event) => event.jobId === job.id && event.version === version && event.type === type,
      );
      return isHere ? [] : [`${name}: ${type} (version ${version})`];
    }),
  );
}

/** Which of the deck's known facts were not found, each as a sentence. */
export function missingFacts({ company, amounts, dates }: SlideFields): string[] {
  const wanted = IN_OUR_DECK;
  const faults: string[] = [];
  if (company !== wanted.company) {
    faults.push(`The deck is by ${wanted.company}, but as its company was read: ${company ?? 'none'}.`);
  }
  if (!amounts.some(({ value, currency }) => value === wanted.value && currency === wanted.currency)) {
    faults.push(`The amount of ${wanted.value} ${wanted.currency} was not found in the deck.`);
  }
  if (!dates.some(({ iso }) => iso === wanted.iso)) faults.push(`The date ${wanted.iso} was not found in the deck.`);
  return faults;
}

/** Whether each page has its image, as large as the page says it is; each fault as a sentence. */
export function missingImages({ pages }: SlideText, downloads: readonly Downloaded[]): string[] {
  return pages.flatMap(({ page, width, height }) => {
    const image = downloads.find(({ name }) => name === `page-${page}.png`)?.image ?? null;
    if (image === null) return [`Page ${page} of the deck has no image.`];
    if (image.width === width && image.height === height) return [];
    return [`The image of page ${page} is ${image.width} x ${image.height} instead of ${width} x ${height}.`];
  });
}
