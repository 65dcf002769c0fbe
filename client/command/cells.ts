/** What takes two cells of a terminal: East Asian letters and signs but for the halfwidth ones, and emoji. */
const WIDE =
  /^(?:(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\u30fb-\u30fe\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})/u;
/** What stands on the letter before it. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]/u;

const cellsOfOne = (character: string): number => (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** How many cells of a terminal a text takes. */
export function cellsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOfOne(character);
  return cells;
}

/** As much of the beginning of a text as has room in so many cells. */
export function beginning(text: string, cells: number): string {
  let room = cells;
  let length = 0;
  for (const character of text) {
    room -= cellsOfOne(character);
    if (room < 0) break;
    length += character.length;
  }
  return text.slice(0, length);
}
