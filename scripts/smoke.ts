import { parseArgs } from 'node:util';
import { DEFAULT_SETTINGS } from '../domain/settings.ts';
import { SmokeFailure } from './smoke/failure.ts';
import { inboxAt, inboxHere } from './smoke/inbox.ts';
import { SAMPLES } from './smoke/samples.ts';
import { smoke } from './smoke/smoke.ts';

const USAGE = `npm run smoke -- --url URL [--receiver URL] [--model NAME] [--timeout SECONDS]
                 [--without-webhook]

  --url URL           where Slipway is; SLIPWAY_URL unless given
  --receiver URL      the receiver that Terraform deploys (output receiver_url);
                      a Slipway on this machine needs none
  --model NAME        ${SAMPLES.map(({ model }) => model).join(' or ')}; the first that is there
  --timeout SECONDS   how long the job may take, with its worker's start; 600
  --without-webhook   webhooks are not tried
The key, of scopes submit and read, is in SLIPWAY_API_KEY.`;

const EXIT = { failed: 1, usage: 2 } as const;
const NO_WEBHOOKS = `FAIL  webhooks were not tried: nothing here can be reached from there. Name the
      receiver with --receiver (the output receiver_url of Terraform, where the
      variable smoke_receiver is true), or say --without-webhook.`;
const LONGEST_LINE = 80;
const TIMES = {
  // What sweep carries comes so late, too.
  webhooksMs: 180_000,
  // Rights are known everywhere in two minutes, mostly, and in seven or more at times.
  healthMs: 600_000,
  answersMs: 180_000,
  eventsMs: 240_000,
  staleMs: DEFAULT_SETTINGS.staleMs,
} as const;

class UsageError extends Error {}

process.exitCode = await main();

async function main(): Promise<number> {
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => ended.abort(new SmokeFailure('Interrupted. A job that was submitted goes on.')));
  }
  try {
    const asked = flags();
    if (asked === null) {
      console.log(USAGE);
      return 0;
    }
    const { url, key, receiver, sample, timeoutMs, withoutWebhook } = asked;
    const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
    const inbox = withoutWebhook ? null : receiver !== null ? inboxAt(receiver) : isHere ? await inboxHere() : null;
    try {
      const isGood = await smoke({
        url,
        key,
        inbox,
        ...(sample === undefined ? {} : { sample }),
        say: (line) => console.log(line),
        columns: Math.min(LONGEST_LINE, process.stdout.columns ?? LONGEST_LINE),
        signal: ended.signal,
        times: { ...TIMES, jobMs: timeoutMs },
      });
      const wasTried = inbox !== null || withoutWebhook;
      if (!wasTried) console.log(NO_WEBHOOKS);
      return isGood && wasTried ? 0 : EXIT.failed;
    } finally {
      await inbox?.close();
    }
  } catch (error) {
    const told: unknown = ended.signal.aborted ? ended.signal.reason : error;
    // The client says so of an address or a key that can be none.
    if (!(told instanceof UsageError || told instanceof SmokeFailure || told instanceof TypeError)) throw error;
    console.error(told.message);
    return told instanceof SmokeFailure ? EXIT.failed : EXIT.usage;
  }
}

function flags() {
  const options = {
    url: { type: 'string' },
    receiver: { type: 'string' },
    model: { type: 'string' },
    timeout: { type: 'string', default: '600' },
    'without-webhook': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
  if (values.help === true) return null;
  const key = process.env['SLIPWAY_API_KEY'] ?? '';
  if (key === '') throw new UsageError('SLIPWAY_API_KEY is not set: the first key is made by npm run first-key.');
  const sample = SAMPLES.find(({ model }) => model === values.model);
  if (values.model !== undefined && sample === undefined) {
    throw new UsageError(`--model ${values.model}: known are ${SAMPLES.map((each) => each.model).join(', ')}.`);
  }
  const seconds = Number(values.timeout);
  if (!Number.isInteger(seconds) || seconds < 1) throw new UsageError('--timeout must be a whole number of seconds.');
  return {
    url: address('--url', values.url ?? process.env['SLIPWAY_URL']),
    key,
    receiver: values.receiver === undefined ? null : address('--receiver', values.receiver),
    sample,
    timeoutMs: seconds * 1_000,
    withoutWebhook: values['without-webhook'] ?? false,
  };
}

function address(flag: string, text: string | undefined): string {
  if (text === undefined) throw new UsageError(`${flag} is needed:\n${USAGE}`);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`${flag} must be an http or https address, not "${text}".`);
  }
  return text;
}
