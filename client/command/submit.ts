import { Priority } from '../../domain/contract/job.ts';
import { UsageError } from './exit.ts';
import { secondsOf, TIMEOUT } from './follow.ts';
import { putFile } from './files.ts';
import { inputOf } from './input.ts';
import { command } from './spec.ts';
import { KEY, keyOf, submission } from './submission.ts';

export const submit = command({
  name: 'submit',
  args: ['MODEL'],
  summary: 'Submit a job, and wait for it with --wait',
  options: {
    input: { type: 'string', value: 'JSON|@FILE|-', help: 'the input: JSON, a file of it, or standard input' },
    set: {
      type: 'string',
      multiple: true,
      value: 'NAME=VALUE',
      help: 'a field of the input, over --input; a.b=1 leads inside',
    },
    file: {
      type: 'string',
      multiple: true,
      value: 'NAME=PATH',
      help: 'a file for a field of the input; a large one is uploaded first',
    },
    wait: { type: 'boolean', short: 'w', help: 'show its progress until it has ended, then what came of it' },
    timeout: TIMEOUT,
    key: KEY,
    priority: { type: 'string', value: 'WORD', help: 'what goes first', choices: Priority.options },
    after: { type: 'string', multiple: true, value: 'JOB', help: 'a job that must succeed before' },
    metadata: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'kept with the job, and shown' },
  },
  examples: [
    'slipway submit ligand-properties --set smiles=CCO --wait',
    'slipway submit slide-text --file document=deck.pdf --wait',
    'slipway submit form --input @form.json --set count=3 --key form-7',
  ],
  run: async (context, [model = ''], values) => {
    const { io } = context;
    const seconds = secondsOf(values.timeout, values);
    const key = keyOf(io, values.key);
    const input = await inputOf(io, values.input, values.set);
    for (const file of values.file) await putFile(context, input, file, key);
    const { priority, after } = values;
    const request = {
      model,
      input,
      ...(priority === undefined ? {} : { priority: priority as Priority }),
      ...(after.length === 0 ? {} : { dependsOn: [...after] }),
      ...(values.metadata.length === 0 ? {} : { metadata: metadataOf(values.metadata) }),
    };
    return submission(context, key, (options) => context.client().createJob(request, options), {
      wait: values.wait,
      seconds,
    });
  },
});

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
