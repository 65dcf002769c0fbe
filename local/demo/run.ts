import { join } from 'node:path';
import { createClient, type SlipwayClient } from '../../client/index.ts';
import type { Log } from '../../domain/ports.ts';
import type { Stack, StackOptions } from '../stack.ts';
import { documentUrl, type Deck } from './deck.ts';
import { download } from './downloads.ts';
import { DemoFailure } from './failure.ts';
import { follow } from './follow.ts';
import { FIELDS, Ligand, LIGANDS, SlideFields, SlideText, submitAll, TEXT, type Named } from './jobs.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import { report } from './report.ts';
import { clipped } from './table.ts';
import { missingFacts, missingImages, missingWebhooks } from './verify.ts';
import type { View } from './views.ts';

export interface Demo {
  readonly deck: Deck;
  readonly dataFolder: string;
  /** Starts what the demo runs on; `place` says in words what that is. */
  readonly start: (options: StackOptions) => Promise<Stack>;
  readonly place: string;
  readonly view: View;
  readonly say: (line: string) => void;
  readonly log: Log;
  /** Ends it early; its reason is what `runDemo` throws then. */
  readonly signal: AbortSignal;
}

const WEBHOOKS_WITHIN_MS = 20_000;
const MODELS = join(import.meta.dirname, '../../gpu-job/models');

/**
 * Starts a stack and a receiver of webhooks, runs the jobs through the public interface, prints and checks what came of it,
 * and stops both again, whatever happened.
 * @throws DemoFailure where anything is not as it should be
 */
export async function runDemo(demo: Demo): Promise<void> {
  const { signal, say } = demo;
  const stops: (() => Promise<void>)[] = [];
  try {
    const receiver = await startReceiver();
    stops.push(() => receiver.stop());
    const stack = await demo.start({
      dataFolder: demo.dataFolder,
      port: 0,
      modelFolders: [MODELS],
      log: demo.log,
    });
    stops.push(() => stack.stop());
    signal.throwIfAborted();
    say(`Slipway runs at ${stack.url} ${demo.place}for this demo.`);
    say('Submitted over HTTPS:');
    say(`  ${clipped(demo.deck.name, 30)} to ${TEXT}, and its text to ${FIELDS}`);
    say(`  five molecules to ${LIGANDS}
`);
    await play(demo, createClient({ url: stack.url, key: stack.apiKey }), receiver);
  } catch (error) {
    if (signal.aborted) say('\nStopping: workers get 10 s to end.');
    // What was under way fails in many ways at an abort; the reason is one.
    throw signal.aborted && !(error instanceof DemoFailure) ? signal.reason : error;
  } finally {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  }
}

async function play(demo: Demo, api: SlipwayClient, receiver: Receiver): Promise<void> {
  const { deck, view, signal, say } = demo;
  const document = documentUrl(deck, (bytes, type) => receiver.serve(bytes, type));
  const submitted = await submitAll(api, document, receiver.webhook, signal);
  let jobs: readonly Named[];
  try {
    jobs = await follow(api, submitted, view, signal);
  } finally {
    view.close();
  }
  await webhooksOf(jobs, receiver, signal);
  // A job's cost is settled after its end, in the commit that its last webhook comes of.
  jobs = await Promise.all(jobs.map(async ({ name, job }) => ({ name, job: await api.getJob(job.id, { signal }) })));
  const downloads = await download(jobs, signal);

  const outputOf = (wanted: string): unknown => jobs.find(({ name }) => name === wanted)?.job.output;
  const text = SlideText.parse(outputOf(TEXT));
  const fields = SlideFields.parse(outputOf(FIELDS));
  const ligands = jobs
    .filter(({ job }) => job.model === LIGANDS)
    .map(({ name, job }) => ({ name, ligand: Ligand.parse(job.output) }));
  for (const line of report({
    deck: deck.name,
    jobs,
    text,
    fields,
    ligands,
    downloads,
    received: receiver.received,
  })) {
    say(line);
  }
  const faults = [...missingImages(text, downloads), ...(deck.isOurs ? missingFacts(fields) : [])];
  if (faults.length > 0) throw new DemoFailure(faults.join(' '));
}

/** @throws DemoFailure naming the webhooks that did not come in time */
async function webhooksOf(jobs: readonly Named[], receiver: Receiver, signal: AbortSignal): Promise<void> {
  const soon = AbortSignal.timeout(WEBHOOKS_WITHIN_MS);
  try {
    await receiver.until(() => missingWebhooks(jobs, receiver.received).length === 0, AbortSignal.any([signal, soon]));
  } catch (error) {
    if (signal.aborted || !soon.aborted || error instanceof DemoFailure) throw error;
    const missing = missingWebhooks(jobs, receiver.received).join(', ');
    throw new DemoFailure(`Not received within ${WEBHOOKS_WITHIN_MS / 1_000} s of the jobs' end: ${missing}.`);
  }
}
