import winkNLP from 'wink-nlp';
import model from 'wink-eng-lite-web-model';

/** A date as it stands in a text, and as ISO 8601 to the precision it has (a day, a month or a year); null where it is relative or can be read two ways. */
export interface FoundDate {
  readonly text: string;
  readonly iso: string | null;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const DAY = String.raw`(\d{1,2})(?:st|nd|rd|th)?`;
const YEAR = String.raw`(\d{4})`;
const forms = {
  monthDayYear: new RegExp(`^${MONTH} ${DAY},? ${YEAR}$`),
  dayMonthYear: new RegExp(`^${DAY} (?:of )?${MONTH},? ${YEAR}$`),
  monthYear: new RegExp(`^${MONTH},? ${YEAR}$`),
  year: new RegExp(`^${YEAR}$`),
  iso: /^(\d{4})-(\d{1,2})-(\d{1,2})$/,
  dotted: /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/,
  slashed: /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/,
};

const two = (value: number): string => String(value).padStart(2, '0');

function day(year: number, month: number, date: number): string | null {
  const at = new Date(Date.UTC(year, month - 1, date));
  const exists = at.getUTCMonth() === month - 1 && at.getUTCDate() === date;
  return exists ? `${year}-${two(month)}-${two(date)}` : null;
}

/** A written date as ISO 8601; null where it names no date, or could name two. */
export function isoOf(text: string): string | null {
  const form = text.toLowerCase().replace(/\s+/g, ' ').replace(/ ,/g, ',').trim();
  const match = (pattern: RegExp): string[] | undefined => pattern.exec(form)?.slice(1);
  const month = (name: string | undefined): number => MONTHS.indexOf(name ?? '') + 1;

  const [m1, d1, y1] = match(forms.monthDayYear) ?? [];
  if (y1 !== undefined) return day(Number(y1), month(m1), Number(d1));
  const [d2, m2, y2] = match(forms.dayMonthYear) ?? [];
  if (y2 !== undefined) return day(Number(y2), month(m2), Number(d2));
  const [m3, y3] = match(forms.monthYear) ?? [];
  if (y3 !== undefined) return `${y3}-${two(month(m3))}`;
  const [y4] = match(forms.year) ?? [];
  if (y4 !== undefined) return y4;
  const [y5, m5, d5] = match(forms.iso) ?? [];
  if (y5 !== undefined) return day(Number(y5), Number(m5), Number(d5));
  const [d6, m6, y6] = match(forms.dotted) ?? [];
  if (y6 !== undefined) return day(Number(y6), Number(m6), Number(d6));
  const [a, b, y7] = (match(forms.slashed) ?? []).map(Number);
  if (a === undefined || b === undefined || y7 === undefined) return null;
  // 03/04 is March in one country and April in another; 31/12 is not.
  if (a === b || b > 12) return day(y7, a, b);
  return a > 12 ? day(y7, b, a) : null;
}

/** Loads the language model and gives what finds the dates in a line, in order. */
export function dateFinder(): (line: string) => FoundDate[] {
  const nlp = winkNLP(model);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- wink's helpers are handed on, never called on their object
  const { detail } = nlp.its;
  return (line) => {
    // The tokenizer ends a sentence at the dot of "Sept." and would lose the date.
    const text = line.replace(/\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.(?=\s\d)/g, '$1');
    const entities = nlp.readDoc(text).entities().out(detail) as { value: string; type: string }[];
    let from = 0;
    return entities
      .filter(({ type }) => type === 'DATE')
      .map(({ value }) => {
        const bare = value.replace(/^(?:by|on|until|before|after|since|from|in)\s+/i, '');
        const at = text.indexOf(bare, from);
        from = Math.max(from, at + bare.length);
        const found = withYear(bare, at < 0 ? '' : text.slice(from));
        return { text: found, iso: isoOf(found) };
      });
  };
}

/** wink ends "by March 3, 2026" before its year; what follows in the line gives it back. */
function withYear(date: string, rest: string): string {
  const year = /^,? \d{4}\b/.exec(rest)?.[0];
  return year !== undefined && !/\d{4}/.test(date) ? `${date}${year}` : date;
}
