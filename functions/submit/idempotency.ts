import { createHash, createHmac } from 'node:crypto';
import type { Secrets } from '../../domain/ports.ts';

const peppers = new WeakMap<Secrets, Promise<string>>();

/** The deployment's secret for what must not be guessed; asked for once. */
export function pepperOf(secrets: Secrets): Promise<string> {
  const known = peppers.get(secrets);
  if (known !== undefined) return known;
  const asked = secrets.get('idempotency-pepper');
  peppers.set(secrets, asked);
  asked.catch(() => peppers.delete(secrets));
  return asked;
}

/**
 * The job id that a tenant's key stands for, so that creating it twice is what answers the duplicate. Keyed with a secret:
 * nobody can tell from an id which key it was made of, nor make an id that somebody else will get.
 */
export const keyedJobId = (secrets: Secrets, tenant: string, key: string): Promise<string> =>
  keyedId(secrets, `${tenant}\n${key}`);

/** The same for a file. A key has no line break in it, so that no job's is like it. */
export const keyedFileId = (secrets: Secrets, tenant: string, key: string): Promise<string> =>
  keyedId(secrets, `${tenant}\nfiles\n${key}`);

async function keyedId(secrets: Secrets, text: string): Promise<string> {
  const digest = createHmac('sha256', await pepperOf(secrets))
    .update(text)
    .digest('hex');
  return BigInt(`0x${digest.slice(0, 32)}`)
    .toString(32)
    .padStart(26, '0');
}

/** The same for two bodies that say the same, whatever the order of their keys. Of the body as it was sent: defaults may change. */
export function requestHashOf(body: unknown): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
