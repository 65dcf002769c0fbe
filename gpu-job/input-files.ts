import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AddressRefusedError, HttpFailure } from '../domain/errors.ts';
import type { Http } from '../domain/ports.ts';
import { essence, extensionFor, typeFits } from './content-types.ts';
import { JobFault } from './job-fault.ts';

type Schema = Readonly<Record<string, unknown>>;

export interface InputFileOptions {
  /** Where the files go. */
  readonly folder: string;
  readonly http: Pick<Http, 'send'>;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Servers say this of files whose type they do not know, so it contradicts nothing. */
const UNTYPED = new Set(['', 'application/octet-stream', 'binary/octet-stream']);

/**
 * Replaces each value whose schema has `contentMediaType` (anywhere below `properties` and `items`) by the absolute path of a
 * file with its content, from a `data:` URL or fetched from an `http:` or `https:` one. Any other string there is refused: the
 * program would take it for a path, and nobody but us may name paths of this machine.
 * @throws JobFault invalid_input, naming the field
 */
export async function materialiseInput(schema: Schema, input: unknown, options: InputFileOptions): Promise<unknown> {
  let made = 0;
  const walk = async (at: Schema, value: unknown, pointer: string): Promise<unknown> => {
    if (typeof value === 'string' && typeof at['contentMediaType'] === 'string') {
      const { bytes, type } = await contentOf(value, at['contentMediaType'], pointer, options);
      made += 1;
      const path = join(options.folder, `file-${made}${extensionFor(type)}`);
      await writeFile(path, bytes);
      return path;
    }
    if (Array.isArray(value)) {
      const items = schemaOr(at['items']);
      const read: unknown[] = [];
      for (const [index, item] of value.entries()) read.push(await walk(items, item, `${pointer}/${index}`));
      return read;
    }
    if (typeof value === 'object' && value !== null) {
      const properties = schemaOr(at['properties']);
      const read: [string, unknown][] = [];
      for (const [key, item] of Object.entries(value)) {
        const below = Object.hasOwn(properties, key) ? schemaOr(properties[key]) : {};
        read.push([key, await walk(below, item, `${pointer}/${key}`)]);
      }
      return Object.fromEntries(read);
    }
    return value;
  };
  return walk(schema, input, 'input');
}

const schemaOr = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

interface Content {
  readonly bytes: Uint8Array;
  readonly type: string;
}

async function contentOf(url: string, wanted: string, pointer: string, options: InputFileOptions): Promise<Content> {
  const invalid = (why: string): JobFault => new JobFault('invalid_input', `${pointer}: ${why}`);
  const scheme = /^(data|https?):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) throw invalid(`give a data: or https: URL of a file of type ${wanted}`);
  const content = scheme === 'data' ? await decode(url, invalid) : await fetchContent(url, options, invalid);
  if (content.bytes.byteLength > options.maxBytes) throw invalid(`the file is larger than ${options.maxBytes} bytes`);
  const type = essence(content.type);
  if (!UNTYPED.has(type) && !typeFits(wanted, type)) throw invalid(`the file is ${type}, but ${wanted} is wanted`);
  return { bytes: content.bytes, type: UNTYPED.has(type) ? essence(wanted) : type };
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
