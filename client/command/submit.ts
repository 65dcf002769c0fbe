import { Priority } from '../../domain/contract/job.ts';
import { SlipwayError } from '../errors.ts';
import { EXIT, UsageError } from './exit.ts';
import { follow, TIMEOUT } from './follow.ts';
import { putFile } from './files.ts';
import { inputOf } from './input.ts';
import { COLOUR_OF } from './paint.ts';
import { command } from './spec.ts';

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
    key: {
      type: 'string',
      value: 'TEXT',
      help: 'idempotency key: with the same key and input again it is the same job',
    },
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
    if (values.timeout !== undefined && !values.wait) throw new UsageError('--timeout needs --wait.');
    const key = values.key ?? io.random.hex(16);
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new UsageError('--key must be 1 to 255 visible ASCII characters.');
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
    const job = await context
      .client()
      .createJob(request, { idempotencyKey: key, signal: io.signal })
      .catch((error: unknown) => {
        if (error instanceof SlipwayError && error.code === 'unreachable') {
          io.stderr(`It may have been taken. Submitted again it is one job with\n  --key ${key}\n`);
        }
        throw error;
      });
    if (values.wait) {
      if (!context.isJson) io.stderr(`${job.id}\n`);
      return follow(context, job.id, values.timeout);
    }
    context.print([`${job.id}  ${context.paint(COLOUR_OF[job.state], job.state)}`]);
    context.json(job);
    return EXIT.ok;
  },
});

function metadataOf(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--metadata takes NAME=VALUE, not "${pair}".`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries);
}
