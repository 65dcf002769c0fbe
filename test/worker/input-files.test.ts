import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { AddressRefusedError, HttpFailure } from '../../domain/errors.ts';
import type { Http, OutboundRequest, OutboundResponse } from '../../domain/ports.ts';
import { materialiseInput, type InputFileOptions } from '../../gpu-job/input-files.ts';
import { tempFolder } from './harness.ts';

const PDF = { type: 'string', contentMediaType: 'application/pdf' };
const SCHEMA = {
  properties: {
    deck: PDF,
    image: { contentMediaType: 'image/*' },
    pages: { items: { properties: { scan: { contentMediaType: 'image/png' } } } },
    note: { type: 'string' },
  },
};
const BYTES = Buffer.from([0x25, 0x50, 0x44, 0x46, 0xff, 0x00]);
const DATA = `data:application/pdf;base64,${BYTES.toString('base64')}`;

let sent: OutboundRequest[] = [];
let folder = '';
beforeEach(() => {
  sent = [];
  folder = tempFolder();
});

const httpOf = (answer: () => Partial<OutboundResponse>): Http => ({
  check: () => undefined,
  send: async (request) => {
    sent.push(request);
    return { status: 200, headers: {}, body: BYTES, ...answer() };
  },
});

const materialise = (
  input: unknown,
  answer: () => Partial<OutboundResponse> = () => ({}),
  more: Partial<InputFileOptions> = {},
) => {
  const download = async (): Promise<void> => {
    throw new Error('nothing was uploaded');
  };
  const options = { folder, http: httpOf(answer), maxBytes: 100, timeoutMs: 1_000, files: [], download, ...more };
  return materialiseInput(SCHEMA, input, options);
};

describe('an input with files', () => {
  test('has base64 and percent-encoded data: URLs replaced by paths, nested ones too, and nothing else', async () => {
    const input = (await materialise({
      deck: DATA,
      image: 'data:image/svg+xml,%3Csvg%2F%3E',
      pages: [{ scan: 'data:image/png;base64,AAEC' }, { other: 'data:image/png,x' }],
      note: DATA,
      n: [1, null, true],
    })) as { deck: string; image: string; pages: [{ scan: string }, unknown] };
    expect(readFileSync(input.deck)).toEqual(BYTES);
    expect(input.deck).toMatch(/\.pdf$/);
    expect(readFileSync(input.image, 'utf8')).toBe('<svg/>');
    expect(readFileSync(input.pages[0].scan)).toEqual(Buffer.from([0, 1, 2]));
    for (const path of [input.deck, input.image, input.pages[0].scan]) expect(path.startsWith(folder)).toBe(true);
    expect(input).toMatchObject({ pages: [{}, { other: 'data:image/png,x' }], note: DATA, n: [1, null, true] });
    expect(sent).toEqual([]);
  });

  test('has https URLs fetched, whose type may be given with parameters or left open', async () => {
    for (const type of ['Application/PDF; q=1', 'application/octet-stream', '']) {
      const input = await materialise({ deck: 'https://files.example/a?sig=s3' }, () => ({
        headers: type === '' ? {} : { 'Content-Type': type },
      }));
      expect(readFileSync((input as { deck: string }).deck)).toEqual(BYTES);
    }
    expect(sent[0]).toMatchObject({ method: 'GET', url: 'https://files.example/a?sig=s3', maxResponseBytes: 101 });
  });

  test.each<[string, string, () => Partial<OutboundResponse>, RegExp]>([
    [
      'a file that the door does not name',
      'slipway:files/x',
      () => ({}),
      /^input\/deck: there is no file slipway:files\/x$/,
    ],
    ['a path of this machine', '/etc/passwd', () => ({}), /input\/deck: give a data: or https: URL/],
    ['a file: URL', 'file:///etc/passwd', () => ({}), /give a data: or https: URL/],
    ['broken base64', 'data:application/pdf;base64,%%%', () => ({}), /cannot be decoded/],
    [
      'another type',
      'data:image/png;base64,AAEC',
      () => ({}),
      /the file is image\/png, but application\/pdf is wanted/,
    ],
    [
      'a fetched file of another type',
      'https://a.example/',
      () => ({ headers: { 'content-type': 'text/html' } }),
      /is text\/html/,
    ],
    ['a file that is too large', 'https://a.example/', () => ({ body: Buffer.alloc(101) }), /larger than 100 bytes/],
    ['data that is too large', `data:application/pdf,${'x'.repeat(101)}`, () => ({}), /larger than 100 bytes/],
    [
      'a redirect',
      'https://a.example/',
      () => ({ status: 302 }),
      /a\.example answered 302; redirects are not followed/,
    ],
    ['an error answer', 'https://a.example/', () => ({ status: 404 }), /a\.example answered 404/],
    [
      'a refused address',
      'http://10.0.0.1/?token=secret',
      () => {
        throw new AddressRefusedError('the address is not public');
      },
      /^input\/deck: cannot fetch from 10\.0\.0\.1: the address is not public$/,
    ],
    [
      'no answer',
      'https://a.example/',
      () => {
        throw new HttpFailure('no answer within 1000 ms');
      },
      /cannot fetch from a\.example: no answer/,
    ],
  ])('is invalid with %s', async (_, deck, answer, message) => {
    await expect(materialise({ deck }, answer)).rejects.toMatchObject({
      kind: 'invalid_input',
      message: expect.stringMatching(message),
    });
  });
});
