import { createHash } from 'node:crypto';
import type { ApiDeps, Release } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import type { OpenCall } from './route.ts';

const tags = new WeakMap<Release, Promise<string>>();

function tagOf(release: Release): Promise<string> {
  const known = tags.get(release);
  if (known !== undefined) return known;
  const made = release
    .openApi()
    .then((document) => `"${createHash('sha256').update(JSON.stringify(document)).digest('base64url').slice(0, 22)}"`);
  tags.set(release, made);
  made.catch(() => tags.delete(release));
  return made;
}

/** `GET /openapi.json`: what is committed, as it is. 304 to whoever has it. */
export async function getOpenApi({ release }: ApiDeps, { headers }: OpenCall): Promise<Answer> {
  const tag = await tagOf(release);
  const about = {
    etag: tag,
    'cache-control': 'public, max-age=300',
    // For pages that show it.
    'access-control-allow-origin': '*',
  };
  const had = (headers['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (had.includes(tag) || had.includes('*')) return { status: 304, headers: about };
  return { status: 200, headers: about, body: await release.openApi() };
}
