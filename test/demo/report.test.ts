import { expect, test } from '@jest/globals';
import { report } from '../../local/demo/report.ts';
import { clipped, table, wrapped } from '../../local/demo/table.ts';
import { outcome, succeeded } from './outcome.ts';

const ours = report(outcome());
/** The one line that begins with these words, without the blanks that lay it out. */
const line = (...words: string[]): string => {
  const plain = ours.map((each) => each.trim().replace(/\s+/g, ' '));
  return plain.find((each) => each.startsWith(words.join(' '))) ?? `no line begins with ${words.join(' ')}`;
};

test.each([
  ['a page with its first line and category', '1 Acme', '1 Acme, Inc. 95 % cover 67 %'],
  ['an amount in whole units', 'amount $8.5', 'amount $8.5 million 8,500,000 USD 1'],
  ['an amount that is not clear', 'amount $1-2', 'amount $1-2 million unclear 1'],
  ['a date', 'date', 'date October 31, 2025 2025-10-31 1'],
  ['a person', 'person', 'person Ada Example CEO 1'],
  ['a molecule, its risks as letters', 'aspirin C9', 'aspirin C9H8O4 180.16 1.13 63.6 102.2 -> 18.9 Mt-?'],
  ['the time of a cold job', 'slide-text 1.25', 'slide-text 1.25 1.10 0.50 12.35 cold'],
  ['the time of a warm job', 'aspirin 0.00', 'aspirin 0.00 - - 1.00 warm'],
  ['the sum of the costs', '$', '$0.02220 = boot $0.00200 + compute $0.02000 + idle $0.00020'],
  [
    'versions as they came, repetitions too',
    'slide-text 1 q',
    'slide-text 1 queued, 3 succeeded, 2 started, 2 started',
  ],
  ['the images', '1 page image', '1 page image as PNG (the first 1440 x 810, 95 kB in all); 0 conformers as'],
])('the report shows %s', (_, begin, whole) => {
  expect(line(begin)).toBe(whole);
});

test('webhooks that came again are counted apart', () => {
  expect(line('WEBHOOKS')).toBe('WEBHOOKS 3 webhooks, every signature right; 1 came again');
});

test('a price that nobody verified is said to be so, and so is the minimum charge of each worker', () => {
  const said = ours.join(' ').replace(/\s+/g, ' ');
  expect(said).toContain("Prices of 2026-08, not verified on the vendor's page");
  expect(said).toContain('bills each worker for at least 60 s: the 1 worker of these jobs comes to $0.01744 at least');
});

test('jobs without a price are named instead of summed as nothing', () => {
  const jobs = [succeeded('slide-text'), succeeded('aspirin', { cost: null })];
  const said = report(outcome({ jobs }));
  expect(said).toContain('  no price is known for aspirin');
  expect(said.join(' ')).toContain('$0.01110 = boot');
});

test('no line is wider than 80 columns or has control characters, whatever stands in a deck', () => {
  const long = `\u001b[31m${'wide text '.repeat(30)}\nsecond`;
  const base = outcome();
  const pages = Array.from({ length: 30 }, (_, i) => ({
    page: i + 1,
    width: 1,
    height: 1,
    confidence: 100,
    text: long,
  }));
  const lines = report({
    ...base,
    deck: `${'d'.repeat(100)}.pdf`,
    text: { pages },
    fields: {
      company: long,
      amounts: pages.map(({ page }) => ({ text: long, value: 123_456_789_012.5, currency: 'USD', page })),
      dates: [{ text: long, iso: null, page: 200 }],
      people: [{ name: long, role: long, page: 200 }],
      categories: pages.map(({ page }) => ({ page, category: 'fundraising', confidence: 1 })),
    },
    jobs: base.jobs.map(({ job }) => ({ name: long, job })),
    ligands: base.ligands.map(({ ligand }) => ({
      name: long,
      ligand: {
        ...ligand,
        formula: 'C'.repeat(40),
        energy: { before: -12_345.67, after: -22_345.67, converged: false },
      },
    })),
    received: Array.from({ length: 20 }, (_, i) => ({
      messageId: `${i}`,
      type: 'job.started' as const,
      jobId: base.jobs[0]?.job.id ?? '',
      version: i,
    })),
  });
  expect(lines.filter((each) => each.length > 80)).toEqual([]);
  expect(lines.filter((each) => /\p{Cc}/u.test(each))).toEqual([]);
  expect(lines).toContain('  and 10 more');
});

test('a table aligns its columns, and long cells are cut off', () => {
  const rows = [
    ['a', '1'],
    ['much too long', '1,000'],
  ];
  expect(
    table(
      [
        { head: 'name', atMost: 8 },
        { head: 'n', align: 'right' },
      ],
      rows,
    ),
  ).toEqual(['  name          n', '  a             1', '  much to…  1,000']);
});

test.each([
  ['short', 10, 'short'],
  ['two\nlines\tand \u0007 more', 40, 'two lines and more'],
  ['exactly 10', 10, 'exactly 10'],
  ['more than ten', 10, 'more than…'],
])('%j fits into %i as %j', (text, length, fitted) => {
  expect(clipped(text, length)).toBe(fitted);
});

test('words are wrapped, none of them lost', () => {
  expect(wrapped('one two three four', 11)).toEqual(['  one two', '  three', '  four']);
  expect(wrapped('', 10)).toEqual([]);
});
