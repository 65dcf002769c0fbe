import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findAmounts } from '../../gpu-job/models/slide-fields/amounts.ts';
import { isoOf } from '../../gpu-job/models/slide-fields/dates.ts';
import { findCompany, findPerson } from '../../gpu-job/models/slide-fields/names.ts';
import { SLIDES } from '../../local/demo/make-deck.ts';
import { misfits, serve, type Served } from './programs.ts';

let model: Served;
beforeAll(async () => {
  model = await serve('slide-fields');
});
afterAll(() => model.stop());

const pagesOf = (texts: readonly string[]): object => ({ pages: texts.map((text, i) => ({ page: i + 1, text })) });
const deckPages = pagesOf(SLIDES.map(({ title, lines }) => [title, ...lines].join('\n')));

test('the fields of the deck are found, the same each time', async () => {
  const { output, lines } = await model.run(deckPages);
  expect(misfits('slide-fields', 'output', output)).toBe('');
  const confidence = expect.any(Number);
  expect(output).toEqual({
    company: 'Tidewater Robotics, Inc.',
    amounts: [
      { text: '$1.9 million', value: 1_900_000, currency: 'USD', page: 2 },
      { text: '$640K', value: 640_000, currency: 'USD', page: 2 },
      { text: '$8.5 million', value: 8_500_000, currency: 'USD', page: 4 },
      { text: '$3.0 million', value: 3_000_000, currency: 'USD', page: 4 },
    ],
    dates: [
      { text: 'April 9, 2022', iso: '2022-04-09', page: 1 },
      { text: '2024', iso: '2024', page: 2 },
      { text: 'a year ago', iso: null, page: 2 },
      { text: 'October 31, 2025', iso: '2025-10-31', page: 4 },
    ],
    people: [
      { name: 'Ingrid Solberg', role: 'CEO', page: 3 },
      { name: 'Daniel Okafor', role: 'CTO', page: 3 },
      { name: 'Mei Tanaka', role: 'COO', page: 3 },
    ],
    categories: [
      { page: 1, category: 'cover', confidence },
      { page: 2, category: 'traction', confidence },
      { page: 3, category: 'team', confidence },
      { page: 4, category: 'fundraising', confidence },
    ],
  });
  expect(lines.filter((line) => 'progress' in line)).toHaveLength(4);
  expect((await model.run(deckPages)).output).toEqual(output);
});

test('a date keeps its year, and the word before it is not part of it', async () => {
  const { output } = await model.run(pagesOf(['Raising 2 million EUR by March 3, 2026']));
  expect((output as { dates: unknown }).dates).toEqual([{ text: 'March 3, 2026', iso: '2026-03-03', page: 1 }]);
});

test('what the text does not support is not made up', async () => {
  const { output } = await model.run(pagesOf(['Lorem ipsum', '']));
  expect(misfits('slide-fields', 'output', output)).toBe('');
  expect(output).toMatchObject({ company: null, amounts: [], dates: [], people: [] });
  expect(output).toMatchObject({ categories: [{ category: null }, { category: null, confidence: 0 }] });
});

test('input that does not fit the schema fails its job with the field', async () => {
  const { lines } = await model.run({ pages: [{ page: 1 }] });
  const message = "input/pages/0 must have required property 'text'";
  expect(lines).toEqual([{ error: { kind: 'invalid_input', message } }]);
});

/** None of them stands in the examples that the classifier is trained on. */
const HELD_OUT: readonly (readonly [string, string])[] = [
  ['fundraising', 'We seek $4 million to enter two new markets'],
  ['fundraising', 'Half of the money goes into hiring engineers'],
  ['fundraising', 'Closing date: November 15, with a lead investor signed'],
  ['fundraising', 'Valuation and terms of the seed round'],
  ['team', 'Dr. Maria Alvarez, chief scientist, spent ten years at a drug maker'],
  ['team', 'Founders met at university and have built two companies'],
  ['team', 'Advisors include two professors of robotics'],
  ['team', 'COO Lena Fischer ran operations for 300 people'],
  ['traction', 'Sales tripled within a year to $4.2 million'],
  ['traction', '58 hospitals pay for the service today'],
  ['traction', 'Weekly users are up 40% since March'],
  ['traction', 'Churn fell below one percent'],
  ['product', 'Our drone lands on the blade by itself'],
  ['product', 'The dashboard shows each crack in the blade'],
  ['product', 'An assay that detects sepsis in twenty minutes'],
  ['product', 'Works with any turbine, without retrofitting'],
];

test('of lines that it was not trained on, at least 14 of 16 get the right category', async () => {
  const { output } = await model.run(pagesOf(HELD_OUT.map(([, line]) => line)));
  const { categories } = output as { categories: { category: string | null }[] };
  const right = HELD_OUT.filter(([category], i) => categories[i]?.category === category);
  expect(right.length).toBeGreaterThanOrEqual(14);
});

test.each([
  ['Raising $8.5 million now', [['$8.5 million', 8_500_000, 'USD']]],
  [
    '$2.3M, $640K and $1.2bn',
    [
      ['$2.3M', 2_300_000, 'USD'],
      ['$640K', 640_000, 'USD'],
      ['$1.2bn', 1_200_000_000, 'USD'],
    ],
  ],
  ['a cheque of $1,250,000.50.', [['$1,250,000.50', 1_250_000.5, 'USD']]],
  [
    'EUR 2,5 million or 750 EUR',
    [
      ['EUR 2,5 million', 2_500_000, 'EUR'],
      ['750 EUR', 750, 'EUR'],
    ],
  ],
  ['1.250.000 €', [['1.250.000 €', 1_250_000, 'EUR']]],
  [
    '£3m from C$ 4 million',
    [
      ['£3m', 3_000_000, 'GBP'],
      ['C$ 4 million', 4_000_000, 'CAD'],
    ],
  ],
  ['€1.250 is one or the other', [['€1.250', null, 'EUR']]],
  ['a range of $5-10 million', [['$5-10 million', null, 'USD']]],
  ['HK$5 million', [['HK$5 million', 5_000_000, null]]],
  ['$5 more than 2024, 27 operators, 131%', [['$5', 5, 'USD']]],
  ['1 million users', []],
] as const)('the amounts in "%s"', (line, expected) => {
  expect(findAmounts(line).map(({ text, value, currency }) => [text, value, currency])).toEqual(expected);
});

test.each([
  ['April 9, 2022', '2022-04-09'],
  ['9 April 2022', '2022-04-09'],
  ['Oct 31st 2025', '2025-10-31'],
  ['2025-10-31', '2025-10-31'],
  ['31.12.2025', '2025-12-31'],
  ['31/12/2025', '2025-12-31'],
  ['12/31/2025', '2025-12-31'],
  ['04/04/2025', '2025-04-04'],
  ['March 2024', '2024-03'],
  ['2024', '2024'],
  ['03/04/2025', null],
  ['February 30, 2025', null],
  ['last year', null],
])('the date "%s" is %s', (text, iso) => {
  expect(isoOf(text)).toBe(iso);
});

test.each([
  ['Tidewater Robotics, Inc.', 'Tidewater Robotics, Inc.'],
  ['Nordlys Energi AS | Investor day', 'Nordlys Energi AS'],
  ['Müller & Söhne GmbH', 'Müller & Söhne GmbH'],
  ['Company: Helixbind', 'Helixbind'],
  ['Prior investors: Oak Ridge Capital, LLC', null],
  ['Oak Ridge Capital, LLC invested in our seed round', null],
  ['Autonomous inspection for wind farms', null],
  ['Inc.', null],
])('the company in "%s" is %s', (line, company) => {
  expect(findCompany(line)).toBe(company);
});

test.each([
  ['CEO: Dr. Maria Alvarez, ex-Genentech', { name: 'Maria Alvarez', role: 'CEO' }],
  ["James O'Neill, CTO", { name: "James O'Neill", role: 'CTO' }],
  ['Founder & CEO - Anna B. Berg', { name: 'Anna B. Berg', role: 'Founder & CEO' }],
  ['CEO: to be hired', null],
  ['Our 22 engineers', null],
])('the person in "%s"', (line, person) => {
  expect(findPerson(line)).toEqual(person);
});
