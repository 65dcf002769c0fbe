import { basename } from 'node:path';
import type { Bucket } from '@google-cloud/storage';
import type { Blobs, Clock } from '../domain/ports.ts';
import { asking } from './asking.ts';
import { CALL_MS } from './deadline.ts';
import type { Project } from './endpoints.ts';
import { lazy } from './lazy.ts';
import { accountAuth, signingEndpoint, type LocalSigner } from './signer.ts';

export interface StorageOptions extends Project {
  readonly bucket: string;
  readonly clock: Clock;
  readonly signer?: LocalSigner | undefined;
  /** How long a call may take. */
  readonly callMs?: number;
}

/**
 * Cloud Storage. Uploads and downloads go past us, by V4 signed URLs. What an upload may be is signed with it: its type, its
 * exact size (`x-goog-content-length-range`), and that there is nothing at its path yet (`x-goog-if-generation-match: 0`).
 */
export function storageBlobs(options: StorageOptions): Blobs {
  const { endpoints, clock } = options;
  const bucket = lazy(async (): Promise<Bucket> => {
    const { Storage } = await import('@google-cloud/storage');
    const { projectId, signer } = options;
    const storage = new Storage({
      projectId,
      ...(endpoints.storage === undefined ? {} : { apiEndpoint: endpoints.storage }),
      authClient: await accountAuth(signer),
    });
    return storage.bucket(options.bucket);
  });
  const endpoint = signingEndpoint(endpoints);
  const deadline = { clock, callMs: options.callMs ?? CALL_MS.storage };
  const files = <T>(call: (bucket: Bucket) => Promise<T>): Promise<T> =>
    asking(deadline, 'storage', () => bucket().then(call));
  const signed = { version: 'v4', ...(endpoint === undefined ? {} : { signingEndpoint: endpoint }) } as const;

  return {
    async signUpload(path, { contentType, sizeBytes, expiresInMs }) {
      const headers = {
        'x-goog-content-length-range': `${sizeBytes},${sizeBytes}`,
        'x-goog-if-generation-match': '0',
      };
      const wanted = {
        ...signed,
        action: 'write',
        contentType,
        extensionHeaders: headers,
        expires: clock.nowMs() + expiresInMs,
      } as const;
      const [url] = await files((all) => all.file(path).getSignedUrl(wanted));
      return { url, headers: { 'content-type': contentType, ...headers } };
    },

    async signDownload(path, { expiresInMs }) {
      const wanted = {
        ...signed,
        action: 'read',
        // What a model wrote is saved, and shown to nobody as a page.
        responseDisposition: `attachment; filename="${basename(path)}"`,
        expires: clock.nowMs() + expiresInMs,
      } as const;
      const [url] = await files((all) => all.file(path).getSignedUrl(wanted));
      return url;
    },

    async size(path) {
      try {
        const [{ size }] = await files((all) => all.file(path).getMetadata());
        return Number(size);
      } catch (error) {
        if ((error as { code?: unknown }).code === 404) return null;
        throw error;
      }
    },

    async remove(path) {
      await files((all) => all.file(path).delete({ ignoreNotFound: true }));
    },
  };
}
