import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secrets } from '../../domain/ports.ts';
import { HOUR, SECOND } from '../../domain/time.ts';
import { pepperOf } from '../submit/idempotency.ts';

/** As long as a person looks at a page. */
const LIFE_MS = HOUR;

const TOKEN = /^slj_([a-z][a-z0-9-]{0,39})\.([a-z0-9]{26})\.(\d{1,12})\.([A-Za-z0-9_-]{43})$/;

/** What a read token is good for. */
export interface ReadToken {
  readonly tenant: string;
  readonly job: string;
  readonly endsAtMs: number;
}

/**
 * A token that may be given to a browser: it shows one job for an hour, and does nothing else. It is not stored: what it says is
 * signed with a key of its own, derived from the deployment's pepper, so that it cannot be taken back before its time.
 */
export async function readToken(secrets: Secrets, tenant: string, job: string, nowMs: number): Promise<string> {
  const endsAt = Math.floor((nowMs + LIFE_MS) / SECOND);
  return `slj_${tenant}.${job}.${endsAt}.${await signatureOf(secrets, tenant, job, endsAt)}`;
}

/** What a read token of this deployment says, though it may have ended; null for any other text. */
export async function openReadToken(secrets: Secrets, text: string): Promise<ReadToken | null> {
  const [, tenant = '', job = '', endsAt = '', signature = ''] = TOKEN.exec(text) ?? [];
  if (signature === '') return null;
  const wanted = await signatureOf(secrets, tenant, job, Number(endsAt));
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(wanted))) return null;
  return { tenant, job, endsAtMs: Number(endsAt) * SECOND };
}

/** The look of one, so that nothing else is tried as one. */
export const isReadToken = (text: string): boolean => text.startsWith('slj_');

async function signatureOf(secrets: Secrets, tenant: string, job: string, endsAt: number): Promise<string> {
  const key = createHmac('sha256', await pepperOf(secrets))
    .update('read tokens of jobs')
    .digest();
  return createHmac('sha256', key).update(`${tenant}\n${job}\n${endsAt}`).digest('base64url');
}
