import { EXIT } from './exit.ts';
import { command } from './spec.ts';
import { wrapped } from './text.ts';

export const explain = command({
  name: 'explain',
  args: ['ID'],
  summary: 'Say in plain sentences where the time of a job went',
  options: {},
  examples: ['slipway explain ID'],
  run: async (context, [id = '']) => {
    const explanation = await context.client().explainJob(id, { signal: context.io.signal });
    context.print(explanation.sentences.flatMap((sentence) => wrapped(sentence, context.width)));
    context.json(explanation);
    return EXIT.ok;
  },
});
