/** A person whom the text gives a role. */
export interface Person {
  readonly name: string;
  readonly role: string;
}

const LEGAL_FORM = String.raw`(?:Inc|Incorporated|Corp|Corporation|LLC|Ltd|Limited|PLC|GmbH|AG|SE|ASA?|AB|ApS|Oy|SAS|S\.A|B\.?V|N\.?V)\.?`;
const CAPITALISED = String.raw`[\p{Lu}\d][\p{L}\p{N}&'’.-]*`;
/** A company's full name at the head of a line that says nothing else, or sets it off. In the midst of a sentence it may be anyone's. */
const COMPANY_LINE = new RegExp(
  String.raw`^(${CAPITALISED}(?: (?:&|${CAPITALISED})){0,5},? ${LEGAL_FORM})(?=$| ?[|:(–—]| - | (?:is|was)\b)`,
  'u',
);
const COMPANY_LABEL = /^company(?: name)?: ?(\S.{0,98}\S)$/i;

const ROLE = String.raw`(?:CEO|CTO|COO|CFO|CMO|CSO|CPO|CRO|Co-?[Ff]ounder|Founder|President|Chief [A-Z][a-z]+ Officer|VP(?: of)? [A-Z][a-z]+|Head of [A-Z][a-z]+)`;
const ROLES = String.raw`${ROLE}(?: ?(?:&|and|/|,) ?${ROLE})*`;
const NAME = String.raw`\p{Lu}[\p{L}'’-]+(?: \p{Lu}\.)?(?: \p{Lu}[\p{L}'’-]+){1,3}`;
const TITLE = String.raw`(?:(?:Dr|Prof)\.? )?`;
const ROLE_FIRST = new RegExp(`^(${ROLES}) ?[:–—-] ?${TITLE}(${NAME})`, 'u');
const NAME_FIRST = new RegExp(`^${TITLE}(${NAME}) ?[,:(–—-] ?(${ROLES})`, 'u');

/** The company that a line names by its legal form or a label; null where it names none. */
export function findCompany(line: string): string | null {
  const found = COMPANY_LINE.exec(line)?.[1] ?? COMPANY_LABEL.exec(line)?.[1];
  return found ?? null;
}

/** The person that a line puts beside a role, as in "CEO: Anna Berg" and "Anna Berg, CEO"; null where it does not. */
export function findPerson(line: string): Person | null {
  const roleFirst = ROLE_FIRST.exec(line);
  const [role, name] = roleFirst ? [roleFirst[1], roleFirst[2]] : (NAME_FIRST.exec(line)?.slice(1).reverse() ?? []);
  return role === undefined || name === undefined ? null : { name, role };
}
