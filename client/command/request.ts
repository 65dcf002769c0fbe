import { Priority } from '../../domain/contract/job.ts';
import type { SlipwayClient } from '../client.ts';
import { UsageError } from './exit.ts';
import { putFile } from './files.ts';
import { inputOf } from './input.ts';
import type { Context, Options, Values } from './spec.ts';

/** What a job is told by: to `submit`, and to `plan`, which tries the same. */
export const JOB_OPTIONS = {
  input: { type: 'string', value: 'JSON|@FILE|-', help: 'the input: JSON, a file of it, or standard input' },
  set: {
    type: 'string',
    multiple: true,
    value: 'NAME=VALUE',
    help: 'a field of the input, over --input; a.b=1 leads inside',
  },
  secret: {
    type: 'string',
    multiple: true,
    value: 'NAME=@FILE|NAME=env:VARIABLE',
    help: 'a secret field of the input, from where no other user of the machine sees it',
  },
  file: {
    type: 'string',
    multiple: true,
    value: 'NAME=PATH',
    help: 'a file for a field of the input; a large one is uploaded first',
  },
  priority: { type: 'string', value: 'WORD', help: 'what goes first', choices: Priority.options },
  after: { type: 'string', multiple: true, value: 'JOB', help: 'a job that must succeed before' },
  metadata: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'kept with the job, and shown' },
} as const satisfies Options;

/**
 * The body of a submission; its files are uploaded by then.
 * @param key the submission's own, for the files too
 * @throws UsageError
 */
export async function requestOf(
  context: Context,
  model: string,
  { input: given, set, secret, file, priority, after, metadata }: Values<typeof JOB_OPTIONS>,
  key: string,
): Promise<Parameters<SlipwayClient['createJob']>[0]> {
  const input = await inputOf(context.io, given, set, secret);
  for (const each of file) await putFile(context, input, each, key);
  return {
    model,
    input,
    ...(priority === undefined ? {} : { priority: priority as Priority }),
    ...(after.length === 0 ? {} : { dependsOn: [...after] }),
    ...(metadata.length === 0 ? {} : { metadata: metadataOf(metadata) }),
  };
}

function metadataOf(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--metadata takes NAME=VALUE, not "${pair}".`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  const twice = entries.find(([name], i) => entries.findIndex((one) => one[0] === name) < i);
  if (twice !== undefined) throw new UsageError(`--metadata ${twice[0]} is given twice.`);
  return Object.fromEntries(entries);
}
