/** What a file is by its extension; a model that knows better says so with its artifact. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  cif: 'chemical/x-cif',
  csv: 'text/csv',
  fasta: 'text/plain',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  log: 'text/plain',
  md: 'text/markdown',
  mol: 'chemical/x-mdl-molfile',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  ndjson: 'application/x-ndjson',
  npz: 'application/octet-stream',
  pdb: 'chemical/x-pdb',
  pdf: 'application/pdf',
  png: 'image/png',
  sdf: 'chemical/x-mdl-sdfile',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  wav: 'audio/wav',
  webp: 'image/webp',
  xml: 'application/xml',
  yaml: 'application/yaml',
  zip: 'application/zip',
};

/** The content type of a file with this name. */
export const contentTypeOf = (name: string): string =>
  BY_EXTENSION[/[^/]\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream';

/** An extension, with its dot, for a file of this content type; empty where none is known. */
export function extensionFor(contentType: string): string {
  const found = Object.entries(BY_EXTENSION).find(([, type]) => type === contentType);
  return found === undefined ? '' : `.${found[0]}`;
}

/** `Text/HTML; charset=utf-8` is `text/html`. */
export const essence = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase();

/** What is said of files whose type is not known, so that it contradicts nothing. */
const UNTYPED: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'binary/octet-stream']);
export const isUntyped = (contentType: string): boolean => UNTYPED.has(essence(contentType));

/** Whether content of type `actual` may stand where `wanted` is asked for; `wanted` may be `image/*`. */
export function typeFits(wanted: string, actual: string): boolean {
  const want = essence(wanted);
  const have = essence(actual);
  return want === have || want === '*/*' || (want.endsWith('/*') && have.startsWith(want.slice(0, -1)));
}
