import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ClaimedFile } from '../../domain/contract/door.ts';
import { downloadFile } from '../../gpu-job/download-file.ts';
import { materialiseInput } from '../../gpu-job/input-files.ts';
import { systemClock } from '../../host/clock.ts';
import { tempFolder } from './harness.ts';

const BYTES = Buffer.from('%PDF-1.7 a deck');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const URI = 'slipway:files/00000000000000000000000001';
const SCHEMA = {
  properties: {
    deck: { type: 'string', contentMediaType: 'application/pdf' },
    other: { contentMediaType: '*/*' },
    scan: { contentMediaType: 'image/png' },
  },
};

type Answer = (response: ServerResponse) => void;
const whole: Answer = (response) => void response.writeHead(200).end(BYTES);

/** Answers each request in turn; the last answer stands. */
let answers: Answer[] = [];
let asked = 0;
let server: Server;
let folder = '';
beforeEach(async () => {
  [asked, answers, folder] = [0, [whole], tempFolder()];
  server = createServer((_, response) => {
    (answers[Math.min(asked, answers.length - 1)] ?? whole)(response);
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const stop = new AbortController();
/** The pauses between tries are over at once. */
const clock = { ...systemClock, after: (_: number, fn: () => void) => (queueMicrotask(fn), () => undefined) };

function materialise(input: unknown, declared: Partial<ClaimedFile> = {}, signal = stop.signal): Promise<unknown> {
  const file: ClaimedFile = {
    uri: URI,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?signature=s3cret`,
    sha256: SHA256,
    sizeBytes: BYTES.length,
    contentType: 'application/pdf',
    ...declared,
  };
  return materialiseInput(SCHEMA, input, {
    folder,
    http: {
      send: async () => {
        throw new Error('the address guard has no business with the door’s own addresses');
      },
    },
    maxBytes: 1,
    timeoutMs: 1_000,
    files: [file],
    maxFileBytes: 1024 ** 3,
    download: (one, path, invalid) =>
      downloadFile(one, path, invalid, {
        clock,
        random: { unit: () => 0 } as never,
        tries: 3,
        timeoutMs: 20_000,
        signal,
      }),
  });
}

describe('a file that was uploaded', () => {
  test('is downloaded once however often it is named, and is there by its path', async () => {
    const input = (await materialise({ deck: URI, other: URI })) as { deck: string; other: string };
    expect(readFileSync(input.deck)).toEqual(BYTES);
    expect(input.deck).toBe(join(folder, 'file-1.pdf'));
    expect(input.other).toBe(input.deck);
    expect(asked).toBe(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('is downloaded again after an answer that was cut off, or none that could be', async () => {
    answers = [
      (response) => void response.writeHead(503).end(),
      (response) => {
        response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 5));
        setImmediate(() => response.destroy());
      },
      whole,
    ];
    const input = (await materialise({ deck: URI })) as { deck: string };
    expect(readFileSync(input.deck)).toEqual(BYTES);
    expect(asked).toBe(3);
  });

  test('that cannot be had after all tries is not the user’s fault', async () => {
    answers = [(response) => void response.writeHead(503).end()];
    await expect(materialise({ deck: URI })).rejects.toMatchObject({
      kind: 'worker_lost',
      message: `${URI} could not be downloaded: the storage answered 503.`,
    });
    expect(asked).toBe(3);
  });

  const other = createHash('sha256').update('other').digest('hex');
  test.each<[string, Partial<ClaimedFile>, Answer, string]>([
    ['has other bytes', { sha256: other }, whole, `${URI} has sha256 ${SHA256}, but ${other} was declared`],
    ['has fewer bytes', { sizeBytes: 99 }, whole, `${URI} has 15 bytes, but 99 were declared`],
    ['has more bytes', { sizeBytes: 3 }, whole, `${URI} has more than the 3 bytes that were declared`],
    ['is gone', {}, (response) => void response.writeHead(404).end(), `${URI} was deleted, or never uploaded`],
  ])('that %s than was declared fails the job at its field, at once', async (_, declared, answer, says) => {
    answers = [answer];
    await expect(materialise({ deck: URI }, declared)).rejects.toMatchObject({
      kind: 'invalid_input',
      message: `input/deck: ${says}`,
    });
    expect(asked).toBe(1);
  });

  test('must be of the type that each of its fields asks for', async () => {
    await expect(materialise({ deck: URI, scan: URI })).rejects.toMatchObject({
      kind: 'invalid_input',
      message: 'input/scan: the file is application/pdf, but image/png is wanted',
    });
  });

  test('is not waited for once the job is stopped', async () => {
    const stopped = new AbortController();
    answers = [() => stopped.abort(new Error('stopped'))];
    await expect(materialise({ deck: URI }, {}, stopped.signal)).rejects.toThrow('stopped');
    expect(asked).toBe(1);
  });
});
