import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Blobs, SignedUpload } from '../../domain/ports.ts';
import { fresh } from './documents.ts';

export interface BlobsUnderTest {
  readonly blobs: Blobs;
  close(): Promise<void>;
}

const upload = (
  to: SignedUpload,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> => fetch(to.url, { method: 'PUT', body, headers: { ...to.headers, ...headers } });

/** What every engine's Blobs must do, seen as a worker and a client see them: through signed addresses alone. */
export function describeBlobs(name: string, makeBlobs: () => Promise<BlobsUnderTest>): void {
  describe(`Blobs on ${name}`, () => {
    let underTest: BlobsUnderTest;
    beforeAll(async () => {
      underTest = await makeBlobs();
    });
    afterAll(() => underTest.close());
    const bytes = Buffer.from([0, 1, 2, 255, 13, 10]);
    const sign = (path: string, sizeBytes = bytes.length, contentType = 'image/png'): Promise<SignedUpload> =>
      underTest.blobs.signUpload(path, { contentType, sizeBytes, expiresInMs: 60_000 });

    test('what was put comes back with its type, for saving and not for showing', async () => {
      const path = `jobs/${fresh()}/1/page-1.png`;
      expect(await underTest.blobs.size(path)).toBeNull();
      expect((await upload(await sign(path), bytes)).status).toBe(200);
      expect(await underTest.blobs.size(path)).toBe(bytes.length);
      const got = await fetch(await underTest.blobs.signDownload(path, { expiresInMs: 60_000 }));
      expect(got.status).toBe(200);
      expect(got.headers.get('content-type')).toBe('image/png');
      expect(got.headers.get('content-length')).toBe(String(bytes.length));
      expect(got.headers.get('content-disposition')).toBe('attachment; filename="page-1.png"');
      expect(Buffer.from(await got.arrayBuffer())).toEqual(bytes);
    });

    test('a stream of the signed length is taken', async () => {
      const path = `a/${fresh()}`;
      const chunk = Buffer.alloc(64 * 1024, 7);
      const to = await sign(path, 32 * chunk.length);
      const body = new ReadableStream({
        start: (controller) => {
          for (let n = 0; n < 32; n++) controller.enqueue(chunk);
          controller.close();
        },
      });
      const headers = { ...to.headers, 'content-length': String(32 * chunk.length) };
      expect((await fetch(to.url, { method: 'PUT', headers, body, duplex: 'half' })).status).toBe(200);
      expect(await underTest.blobs.size(path)).toBe(32 * chunk.length);
    });

    test('a second upload is refused with 412 and changes nothing', async () => {
      const path = `a/${fresh()}`;
      const to = await sign(path, 3);
      const statuses = await Promise.all(['one', 'two', 'tri'].map(async (body) => (await upload(to, body)).status));
      expect(statuses.sort()).toEqual([200, 412, 412]);
      expect((await upload(to, 'new')).status).toBe(412);
      const got = await fetch(await underTest.blobs.signDownload(path, { expiresInMs: 60_000 }));
      expect(['one', 'two', 'tri']).toContain(await got.text());
    });

    test('an upload of another size, type, path or method than was signed is refused and stores nothing', async () => {
      const path = `a/${fresh()}`;
      const to = await sign(path, 3);
      const unsized = Object.entries(to.headers).filter(([header]) => header !== 'content-length');
      const other = { ...to, headers: Object.fromEntries(unsized) };
      const statuses = [
        (await upload(other, 'longer')).status,
        (await upload(other, 'x')).status,
        (await upload(to, 'one', { 'content-type': 'text/html' })).status,
        (
          await upload(
            { ...to, headers: { 'content-type': 'image/png' }, url: to.url.replace(path, `${path}2`) },
            'one',
          )
        ).status,
        (await fetch(to.url)).status,
      ];
      // Engines tell apart what was wrong in ways of their own.
      expect(statuses.filter((status) => status !== 400 && status !== 403)).toEqual([]);
      expect(await underTest.blobs.size(path)).toBeNull();
      expect(await underTest.blobs.size(`${path}2`)).toBeNull();
    });

    test('without a good signature nothing is given out', async () => {
      const path = `a/${fresh()}`;
      await upload(await sign(path), bytes);
      const url = new URL(await underTest.blobs.signDownload(path, { expiresInMs: 60_000 }));
      const bare = new URL(url);
      bare.search = '';
      expect((await fetch(bare)).status).toBe(403);
      const other = new URL(url);
      other.pathname = `${url.pathname}x`;
      expect((await fetch(other)).status).toBe(403);
    });

    test('what is removed is gone, also for whoever has an address of it; removing it again, or what never was, is no fault', async () => {
      const path = `a/${fresh()}`;
      await underTest.blobs.remove(path);
      await upload(await sign(path), bytes);
      await upload(await sign(`${path}/below`), bytes);
      const url = await underTest.blobs.signDownload(path, { expiresInMs: 60_000 });
      await underTest.blobs.remove(path);
      expect(await underTest.blobs.size(path)).toBeNull();
      expect((await fetch(url)).status).toBe(404);
      expect(await underTest.blobs.size(`${path}/below`)).toBe(bytes.length);
      await underTest.blobs.remove(path);
      expect((await upload(await sign(path), bytes)).status).toBe(200);
    });

    test('a download of what is not there is 404', async () => {
      const url = await underTest.blobs.signDownload(`a/${fresh()}`, { expiresInMs: 60_000 });
      expect((await fetch(url)).status).toBe(404);
    });
  });
}
