import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClaimedFile } from '../domain/contract/door.ts';
import { isFileUri } from '../domain/contract/file.ts';
import { essence, extensionFor, isUntyped, typeFits } from '../domain/content-types.ts';
import { AddressRefusedError, HttpFailure } from '../domain/errors.ts';
import { fileFieldsIn, withFiles, type FileField } from '../domain/file-fields.ts';
import type { Http } from '../domain/ports.ts';
import { JobFault } from './job-fault.ts';

export interface InputFileOptions {
  /** Where the files go. */
  readonly folder: string;
  readonly http: Pick<Http, 'send'>;
  /** Of what is given as a URL, which is held in memory. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Where the door says that the files named `slipway:files/...` are. */
  readonly files: readonly ClaimedFile[];
  /** Fetches one of those into a file, or throws; `invalid` makes the fault of one that is not what was declared. */
  readonly download: (file: ClaimedFile, path: string, invalid: (why: string) => JobFault) => Promise<void>;
}

/**
 * Replaces each value whose schema has `contentMediaType` (anywhere below `properties` and `items`) by the absolute path of a
 * file with its content: from a `data:` URL, fetched from an `http:` or `https:` one, or uploaded before (`slipway:files/...`), which is
 * downloaded once however often it is named. Any other string there is refused: the program would take it for a path, and nobody but
 * us may name paths of this machine.
 * @throws JobFault invalid_input, naming the field; what `download` throws
 */
export async function materialiseInput(schema: unknown, input: unknown, options: InputFileOptions): Promise<unknown> {
  const paths = new Map<string, string>();
  const uploaded = new Map<string, string>();
  for (const field of fileFieldsIn(schema, input)) {
    const { pointer, value } = field;
    const invalid = (why: string): JobFault => new JobFault('invalid_input', `input${pointer}: ${why}`);
    const place = (type: string): string => join(options.folder, `file-${paths.size + 1}${extensionFor(type)}`);
    let path: string;
    if (isFileUri(value)) {
      const file = options.files.find(({ uri }) => uri === value);
      if (file === undefined) throw invalid(`there is no file ${value.slice(0, 100)}`);
      const type = typeOf(file.contentType, field, invalid);
      const before = uploaded.get(value);
      path = before ?? place(type);
      if (before === undefined) await options.download(file, path, invalid);
      uploaded.set(value, path);
    } else {
      const { bytes, type } = await contentOf(field, options, invalid);
      path = place(typeOf(type, field, invalid));
      await writeFile(path, bytes);
    }
    paths.set(pointer, path);
  }
  return withFiles(schema, input, ({ pointer }) => paths.get(pointer));
}

/** What a file is, by what is said of it and what is asked for. */
function typeOf(said: string, { wanted }: FileField, invalid: (why: string) => JobFault): string {
  if (isUntyped(said)) return essence(wanted);
  const type = essence(said);
  if (!typeFits(wanted, type)) throw invalid(`the file is ${type}, but ${wanted} is wanted`);
  return type;
}

interface Content {
  readonly bytes: Uint8Array;
  readonly type: string;
}

async function contentOf(
  { value: url, wanted }: FileField,
  options: InputFileOptions,
  invalid: (why: string) => JobFault,
): Promise<Content> {
  const scheme = /^(data|https?):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw invalid(
      `give a data: or https: URL of a file of type ${wanted}, or a slipway:files/ address of an uploaded one`,
    );
  }
  const content = scheme === 'data' ? await decode(url, invalid) : await fetchContent(url, options, invalid);
  if (content.bytes.byteLength > options.maxBytes) throw invalid(`the file is larger than ${options.maxBytes} bytes`);
  return content;
}

/** The platform's own reading of data: URLs; no packet leaves. */
async function decode(url: string, invalid: (why: string) => JobFault): Promise<Content> {
  try {
    const response = await fetch(url);
    return { bytes: new Uint8Array(await response.arrayBuffer()), type: response.headers.get('content-type') ?? '' };
  } catch {
    throw invalid('the data: URL cannot be decoded');
  }
}

async function fetchContent(
  url: string,
  { http, maxBytes, timeoutMs }: InputFileOptions,
  invalid: (why: string) => JobFault,
): Promise<Content> {
  // Only the host is named: the rest of a URL may be a signature.
  const host = URL.parse(url)?.host ?? 'the address';
  try {
    const { status, headers, body } = await http.send({
      url,
      method: 'GET',
      headers: {},
      timeoutMs,
      // One more than is allowed, so that a file cut off is told from one that fits.
      maxResponseBytes: maxBytes + 1,
    });
    if (status >= 300 && status < 400) throw invalid(`${host} answered ${status}; redirects are not followed`);
    if (status !== 200) throw invalid(`${host} answered ${status}`);
    const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
    return { bytes: body, type };
  } catch (error) {
    if (error instanceof AddressRefusedError || error instanceof HttpFailure) {
      throw invalid(`cannot fetch from ${host}: ${error.message}`);
    }
    throw error;
  }
}
