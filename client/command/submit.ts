import { secondsOf, TIMEOUT } from './follow.ts';
import { JOB_OPTIONS, requestOf } from './request.ts';
import { command } from './spec.ts';
import { KEY, keyOf, submission } from './submission.ts';

export const submit = command({
  name: 'submit',
  args: ['MODEL'],
  summary: 'Submit a job, and wait for it with --wait',
  options: {
    ...JOB_OPTIONS,
    wait: { type: 'boolean', short: 'w', help: 'show its progress until it has ended, then what came of it' },
    timeout: TIMEOUT,
    key: KEY,
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
    const request = await requestOf(context, model, values, key);
    return submission(context, key, (options) => context.client().createJob(request, options), {
      wait: values.wait,
      seconds,
    });
  },
});
