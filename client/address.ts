/** @throws TypeError for what cannot be meant; the key is never in it */
export function checked({ url, key }: { readonly url: string; readonly key: string }): { url: string; key: string } {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new TypeError('url must be an http or https address');
  }
  if (parsed.username !== '' || parsed.password !== '') throw new TypeError('url must not have a password in it');
  // One with a line break in it would be shown by fetch's own error.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError('key must be visible ASCII characters without a space');
  return { url: `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`, key };
}

/** A query of what is given of it, with its question mark; nothing for none. */
export function queryOf(query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const given = Object.entries(query).flatMap<[string, string]>(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

/** An id or a name as a step of a path. @throws TypeError for one that would lead elsewhere, or nowhere */
export function step(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`an id or a name is needed, not ${JSON.stringify(text)}`);
  return encodeURIComponent(text);
}
