/** What a person does after a deployment. @param outputs those of the environment, by name */
export function nextSteps(outputs: Readonly<Record<string, unknown>>): string[] {
  const text = (name: string): string | null => {
    const value = outputs[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const [url, first, receiver] = [text('api_url'), text('first_key_command'), text('receiver_url')];
  if (url === null) return ['', 'Applied. The environment has no output api_url that would say where it is.'];
  const webhooks = receiver === null ? '--without-webhook' : `--receiver ${receiver}`;
  const key =
    first === null
      ? []
      : [
          '',
          'Its first key, if it has none yet (docs/13-tenants.md):',
          // `export X=$(...)` would be well whatever becomes of the command.
          `  KEY=$(${first}) && export SLIPWAY_API_KEY=$KEY`,
        ];
  return [
    '',
    `Slipway is at ${url}`,
    ...key,
    '',
    'With a key in SLIPWAY_API_KEY, a real job through all of it:',
    `  npm run smoke -- --url ${url} ${webhooks}`,
    ...topicsOf(outputs['topics']),
  ];
}

/** Those of other systems, by what they are for and the tenant they are of. */
function topicsOf(topics: unknown): string[] {
  const named = (value: unknown, path: string): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, each]) => named(each, `${path} ${name}`))
      : [` ${path}: ${String(value)}`];
  const all = named(topics ?? {}, '');
  return all.length === 0 ? [] : ['', 'Topics:', ...all];
}
