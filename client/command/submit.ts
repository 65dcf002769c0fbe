import { SlipwayError } from '../errors.ts';
import { EXIT, UsageError } from './exit.ts';
import { follow, TIMEOUT } from './follow.ts';
import { COLOUR_OF } from './paint.ts';
import { JOB_OPTIONS, requestOf } from './request.ts';
import { command } from './spec.ts';

export const submit = command({
  name: 'submit',
  args: ['MODEL'],
  summary: 'Submit a job, and wait for it with --wait',
  options: {
    ...JOB_OPTIONS,
    wait: { type: 'boolean', short: 'w', help: 'show its progress until it has ended, then what came of it' },
    timeout: TIMEOUT,
    key: {
      type: 'string',
      value: 'TEXT',
      help: 'idempotency key: with the same key and input again it is the same job',
    },
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
    const request = await requestOf(context, model, values, key);
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
