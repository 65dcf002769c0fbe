import { describe, expect, test } from '@jest/globals';
import { pngSize } from '../../local/demo/downloads.ts';
import type { SlideFields } from '../../local/demo/jobs.ts';
import { missingFacts, missingImages, missingWebhooks } from '../../local/demo/verify.ts';
import { outcome, succeeded } from './outcome.ts';

describe('webhooks', () => {
  const job = succeeded('slide-fields', { version: 4 });
  const event = (type: 'queued' | 'started' | 'succeeded', version: number, jobId = job.job.id) => ({
    messageId: `${jobId}-${version}`,
    type: `job.${type}` as const,
    jobId,
    version,
  });

  test('none is missing once the last three moves are told, in any order', () => {
    expect(missingWebhooks([job], [event('succeeded', 4), event('queued', 2), event('started', 3)])).toEqual([]);
  });

  test.each([
    ['not there', []],
    ['of another job', [event('started', 3, 'other')]],
    ['of another version', [event('started', 2)]],
    ['of another type at that version', [event('queued', 3)]],
  ])('one that is %s is named', (_, instead) => {
    const received = [event('queued', 2), event('succeeded', 4), ...instead];
    expect(missingWebhooks([job], received)).toEqual(['slide-fields: job.started (version 3)']);
  });
});

describe('the facts of the deck', () => {
  const found: SlideFields = {
    ...outcome().fields,
    company: 'Tidewater Robotics, Inc.',
    amounts: [{ text: '$8.5 million', value: 8_500_000, currency: 'USD', page: 4 }],
    dates: [{ text: 'October 31, 2025', iso: '2025-10-31', page: 4 }],
  };

  test('none is missing', () => {
    expect(missingFacts(found)).toEqual([]);
  });

  test.each([
    ['company', { company: null }, 'The deck is by Tidewater Robotics, Inc., but as its company was read: none.'],
    ['amount', { amounts: [] }, 'The amount of 8500000 USD was not found in the deck.'],
    ['date', { dates: [] }, 'The date 2025-10-31 was not found in the deck.'],
  ])('a missing %s is a sentence', (_, missing, sentence) => {
    expect(missingFacts({ ...found, ...missing })).toEqual([sentence]);
  });
});

describe('page images', () => {
  const { text, downloads } = outcome();

  test('each page has one of its size', () => {
    expect(missingImages(text, downloads)).toEqual([]);
    expect(missingImages(text, [])).toEqual(['Page 1 of the deck has no image.']);
    const other = downloads.map((file) => ({ ...file, image: { width: 1, height: 2 } }));
    expect(missingImages(text, other)).toEqual(['The image of page 1 is 1 x 2 instead of 1440 x 810.']);
  });

  test('the size stands in the first chunk, and what is no PNG has none', () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000005a00000032a0802000000', 'hex');
    expect(pngSize(png)).toEqual({ width: 1440, height: 810 });
    expect(pngSize(png.subarray(0, 20))).toBeNull();
    expect(pngSize(Buffer.from(`not a picture ${' '.repeat(40)}`))).toBeNull();
  });
});
