/** An amount of money as it stands in a text; `value` and `currency` are null where the text leaves them open. */
export interface Amount {
  readonly text: string;
  readonly value: number | null;
  readonly currency: string | null;
}

const CODES = 'USD|EUR|GBP|CHF|NOK|SEK|DKK|CAD|AUD|JPY';
/** A bare dollar sign is read as US dollars. */
const CURRENCY: Readonly<Record<string, string>> = {
  $: 'USD',
  US$: 'USD',
  C$: 'CAD',
  CA$: 'CAD',
  A$: 'AUD',
  AU$: 'AUD',
  '€': 'EUR',
  '£': 'GBP',
};
const EXPONENT: Readonly<Record<string, number>> = {
  k: 3,
  thousand: 3,
  m: 6,
  mm: 6,
  mn: 6,
  million: 6,
  b: 9,
  bn: 9,
  billion: 9,
};

// Bounded, so that a long run of digits cannot be tried in every way.
const NUMBER = String.raw`\d(?:[\d.,]{0,20}\d)?`;
const SCALE = `(?:\\s?(${Object.keys(EXPONENT).join('|')})\\b)?`;
const RANGE = `(\\s?[-–]\\s?[$€£]?${NUMBER})?`;
const AMOUNT = new RegExp(
  String.raw`(?<![\p{L}\d])([A-Z]{0,3}\$|[€£]|(?:${CODES})\b)\s?(${NUMBER})${RANGE}${SCALE}` +
    String.raw`|(?<![\p{L}\d.,])(${NUMBER})${RANGE}${SCALE}\s?(€|(?:${CODES})\b)`,
  'giu',
);

/** Digits as English or continental writers group them; null where both readings are open, as in 1.250. */
function plain(digits: string, scaled: boolean): string | null {
  if (/^\d{1,3}(,\d{3})+(\.\d+)?$/.test(digits)) return digits.replaceAll(',', '');
  if (/^\d{1,3}(\.\d{3}){2,}(,\d+)?$/.test(digits) || /^\d{1,3}\.\d{3},\d+$/.test(digits)) {
    return digits.replaceAll('.', '').replace(',', '.');
  }
  if (/^\d{1,3}\.\d{3}$/.test(digits) && !scaled) return null;
  if (/^\d+(\.\d+)?$/.test(digits)) return digits;
  if (/^\d+,\d{1,2}$/.test(digits)) return digits.replace(',', '.');
  return null;
}

/** The amounts of money in a line, in order. A range ("$5-10 million") has no value. */
export function findAmounts(line: string): Amount[] {
  return [...line.matchAll(AMOUNT)].map((match) => {
    const [text, sign, digits, range, scale, digitsBefore, rangeBefore, scaleBefore, signAfter] = match;
    const unit = (scale ?? scaleBefore)?.toLowerCase();
    const number = plain(digits ?? digitsBefore ?? '', unit !== undefined);
    const mark = (sign ?? signAfter ?? '').toUpperCase();
    const open = number === null || (range ?? rangeBefore) !== undefined;
    return {
      text: text.trim(),
      // By way of a decimal exponent: 2.3 * 1e6 is not 2300000.
      value: open ? null : Number(`${number}e${unit === undefined ? 0 : (EXPONENT[unit] ?? 0)}`),
      currency: CURRENCY[mark] ?? (CODES.split('|').includes(mark) ? mark : null),
    };
  });
}
