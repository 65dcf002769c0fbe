import { costLines } from './report-cost.ts';
import type { Downloaded } from './downloads.ts';
import { FIELDS, LIGANDS, TEXT, type Ligand, type Named, type SlideFields, type SlideText } from './jobs.ts';
import type { ReceivedEvent } from './receiver.ts';
import { clipped, table, wrapped } from './table.ts';

/** All that the report tells of. */
export interface Outcome {
  readonly deck: string;
  readonly jobs: readonly Named[];
  readonly text: SlideText;
  readonly fields: SlideFields;
  readonly ligands: readonly { readonly name: string; readonly ligand: Ligand }[];
  readonly downloads: readonly Downloaded[];
  readonly received: readonly ReceivedEvent[];
}

/** No line of the report is longer. */
export const WIDTH = 80;
/** A list of a long deck is cut off here. */
const MOST_ROWS = 20;

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (value: number): string => `${number(value)} %`;
const seconds = (value: number | null): string => (value === null ? '-' : number(value, 2));
const plural = (count: number, one: string, many = `${one}s`): string => `${number(count)} ${count === 1 ? one : many}`;

/** What the demo prints at its end: results, where time went, what it would have cost, and what was checked. */
export function report(outcome: Outcome): string[] {
  const sections = [slides, fields, ligands, times, cost, webhooks, files].map((section) => section(outcome));
  return sections.flatMap((lines) => ['', ...lines]);
}

const heading = (title: string, rest: string): string => `${title}  ${clipped(rest, WIDTH - title.length - 2)}`;

function atMost<T>(items: readonly T[], lines: (items: readonly T[]) => string[]): string[] {
  const rest = items.length - MOST_ROWS;
  return [...lines(items.slice(0, MOST_ROWS)), ...(rest > 0 ? [`  and ${number(rest)} more`] : [])];
}

function slides({ deck, text, fields: { categories } }: Outcome): string[] {
  const rows = atMost(text.pages, (pages) =>
    table(
      [
        { head: 'page', align: 'right' },
        { head: 'first line', atMost: 42 },
        { head: 'read', align: 'right' },
        { head: 'about' },
        { head: 'sure', align: 'right' },
      ],
      pages.map(({ page, text: lines, confidence }) => {
        const about = categories.find((category) => category.page === page);
        const title = lines.trim().split('\n')[0] ?? '';
        const sure = about?.category == null ? '-' : percent(about.confidence * 100);
        return [String(page), title, percent(confidence), about?.category ?? '-', sure];
      }),
    ),
  );
  return [heading('SLIDES', `${deck}: ${plural(text.pages.length, 'page')}, read by ${TEXT}`), ...rows];
}

function fields({ fields: { company, people, amounts, dates } }: Outcome): string[] {
  const found = [
    { what: 'company', text: company ?? 'none found', meaning: '', page: null },
    ...people.map(({ name, role, page }) => ({ what: 'person', text: name, meaning: role, page })),
    ...amounts.map(({ text, value, currency, page }) => ({
      what: 'amount',
      text,
      meaning: value === null ? 'unclear' : `${number(value, value % 1 === 0 ? 0 : 2)} ${currency ?? ''}`.trim(),
      page,
    })),
    ...dates.map(({ text, iso, page }) => ({ what: 'date', text, meaning: iso ?? 'unclear', page })),
  ];
  const columns = [
    { head: 'what' },
    { head: 'as it stands', atMost: 34 },
    { head: 'meaning', atMost: 24 },
    { head: 'page', align: 'right' as const },
  ];
  return [
    heading('FIELDS', `found in that text by ${FIELDS}`),
    ...atMost(found, (rows) =>
      table(
        columns,
        rows.map(({ what, text, meaning, page }) => [what, text, meaning, page === null ? '' : String(page)]),
      ),
    ),
  ];
}

/** One letter a risk: large where it is high, small where it is low. */
function riskLetters({ toxicity }: Ligand): string {
  const risks = [toxicity.mutagenic, toxicity.tumorigenic, toxicity.irritant, toxicity.reproductive];
  return risks
    .map((risk, i) => {
      const letter = 'mtir'[i] ?? '';
      return { none: '-', low: letter, high: letter.toUpperCase(), unknown: '?' }[risk];
    })
    .join('');
}

function ligands({ ligands: all }: Outcome): string[] {
  const right = 'right' as const;
  const columns = [
    { head: 'molecule', atMost: 12 },
    { head: 'formula', atMost: 10 },
    { head: 'g/mol', align: right },
    { head: 'logP', align: right },
    { head: 'TPSA', align: right },
    { head: 'energy', align: right },
    { head: '-> least', align: right },
    { head: 'risks' },
  ];
  const rows = all.map(({ name, ligand }) => [
    name,
    ligand.formula,
    number(ligand.weight, 2),
    number(ligand.logP, 2),
    number(ligand.tpsa, 1),
    number(ligand.energy.before, 1),
    `-> ${number(ligand.energy.after, 1)}${ligand.energy.converged ? '' : '*'}`,
    riskLetters(ligand),
  ]);
  const isAnyOpen = all.some(({ ligand }) => !ligand.energy.converged);
  return [
    heading('MOLECULES', `computed by ${LIGANDS}; energy (MMFF94) in kcal/mol`),
    ...table(columns, rows),
    ...wrapped('risks: Mutagenic, Tumorigenic, Irritant, Reproductive (small: low; -: none)', WIDTH),
    ...(isAnyOpen ? ['  * stopped before the least energy was reached'] : []),
  ];
}

function times({ jobs }: Outcome): string[] {
  const right = 'right' as const;
  const columns = [
    { head: 'job', atMost: 14 },
    { head: 'queued', align: right },
    { head: 'boot', align: right },
    { head: 'load', align: right },
    { head: 'run', align: right },
    { head: 'worker' },
  ];
  const rows = jobs.map(({ name, job: { timing, attempts } }) => [
    name,
    seconds(timing.queuedSeconds),
    seconds(timing.bootSeconds),
    seconds(timing.loadSeconds),
    seconds(timing.runSeconds),
    `${attempts.at(-1)?.cold === true ? 'cold' : 'warm'}${attempts.length > 1 ? `, attempt ${attempts.length}` : ''}`,
  ]);
  return [
    heading('TIME', 'in seconds; queued includes the boot of a cold worker, boot its load'),
    ...table(columns, rows),
  ];
}

function cost({ jobs }: Outcome): string[] {
  return costLines(jobs, WIDTH);
}

function webhooks({ jobs, received }: Outcome): string[] {
  const repeated = received.length - new Set(received.map((event) => event.messageId)).size;
  const rows = jobs.map(({ name, job }) => [
    name,
    received
      .filter((event) => event.jobId === job.id)
      .map((event) => `${event.version} ${event.type.replace('job.', '')}`)
      .join(', '),
  ]);
  const count = plural(received.length - repeated, 'webhook');
  return [
    heading('WEBHOOKS', `${count}, every signature right${repeated > 0 ? `; ${repeated} came again` : ''}`),
    ...table(
      [
        { head: 'job', atMost: 14 },
        { head: 'versions in the order they came', atMost: 60 },
      ],
      rows,
    ),
  ];
}

function files({ downloads }: Outcome): string[] {
  const images = downloads.filter(({ image }) => image !== null);
  const others = downloads.length - images.length;
  const kilobytes = (list: readonly Downloaded[]): string =>
    `${number(list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1_000)} kB`;
  const first = images[0]?.image ?? null;
  return [
    heading('FILES', 'each fetched once by its signed URL'),
    ...wrapped(
      `${plural(images.length, 'page image')} as PNG (${first === null ? '' : `the first ${first.width} x ${first.height}, `}${kilobytes(images)} in all); ${plural(others, 'conformer')} as molfile`,
      WIDTH,
    ),
  ];
}
