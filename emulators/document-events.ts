import { randomUUID } from 'node:crypto';
import type { Firestore } from '@google-cloud/firestore';
import type { IncomingHttpHeaders } from 'node:http';
import type { Log } from '../domain/ports.ts';
import { EVENT_TYPES } from '../eventarc/events.ts';
import { lazyFirestore } from '../cloud/firestore/client.ts';
import { bodyOf, startHttpServer } from './http-server.ts';
import { registerTrigger } from './relay.ts';

/** A created document as the binary CloudEvent that tells of it. */
export interface DocumentEvent {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** How long the emulator has to tell of a document before it is taken to be one that tells nobody. */
const PROBE_MS = 3_000;
const PROBES = 'emulator_probes';
/** After a listener has ended by itself. */
const AGAIN_MS = 5_000;

/**
 * Tells of each document created at a path pattern, by the Firestore emulator's own Eventarc endpoint. An emulator that was
 * started by somebody else, without the flag `--functions_emulator`, sends nobody anything: its documents are listened to.
 */
export async function watchDocuments(options: {
  readonly projectId: string;
  readonly firestore: string;
  readonly document: string;
  readonly log: Log;
  readonly onEvent: (event: DocumentEvent) => Promise<void>;
}): Promise<{ stop(): Promise<void> }> {
  const { projectId, firestore, document, log, onEvent } = options;
  const probed = Promise.withResolvers<boolean>();
  const server = await startHttpServer(async (request, response) => {
    const body = await bodyOf(request);
    if (request.url === '/probe') probed.resolve(true);
    else await onEvent({ headers: eventHeaders(request.headers), body });
    response.writeHead(204).end();
  });
  const client = lazyFirestore({ projectId, databaseId: '(default)', endpoints: { firestore } });
  try {
    await registerTrigger(firestore, projectId, { document: `${PROBES}/{id}`, target: `${server.url}/probe` });
    const probe = (await client.get()).collection(PROBES).doc(randomUUID());
    await probe.create({});
    const timer = setTimeout(() => probed.resolve(false), PROBE_MS);
    const tells = await probed.promise;
    clearTimeout(timer);
    await probe.delete();
    if (tells) {
      await registerTrigger(firestore, projectId, { document, target: `${server.url}/event` });
      return { stop: () => Promise.all([server.stop(), client.close()]).then(() => undefined) };
    }
    log.error(
      'this Firestore emulator sends no events, since it was started without --functions_emulator: its documents are listened to instead',
      { emulator: firestore },
    );
    const stopListening = listenTo(await client.get(), projectId, document, onEvent, log);
    return {
      stop: async () => {
        stopListening();
        await Promise.all([server.stop(), client.close()]);
      },
    };
  } catch (error) {
    await Promise.all([server.stop(), client.close()]);
    throw error;
  }
}

function eventHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name.startsWith('ce-') || name === 'content-type');
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

/** The last collection of the pattern, wherever it lies; what stood there before is not told of. */
function listenTo(
  client: Firestore,
  projectId: string,
  pattern: string,
  onEvent: (event: DocumentEvent) => Promise<void>,
  log: Log,
): () => void {
  const database = `projects/${projectId}/databases/(default)`;
  let undo = (): void => undefined;
  const tell = (path: string): void => {
    const headers = {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-type': EVENT_TYPES.documentCreated,
      'ce-source': `//firestore.googleapis.com/${database}`,
      'ce-id': randomUUID(),
      'ce-time': new Date().toISOString(),
      'ce-document': path,
    };
    const body = Buffer.from(JSON.stringify({ value: { name: `${database}/documents/${path}` } }));
    onEvent({ headers, body }).catch((error: unknown) =>
      log.error('a document event was lost; sweep will find it', { document: path, error: String(error) }),
    );
  };
  const ended = (error: Error): void => {
    log.error('the listener for document events has ended and is set up again; what it misses, sweep will find', {
      error: error.message,
    });
    const timer = setTimeout(start, AGAIN_MS);
    undo = () => clearTimeout(timer);
  };
  function start(): void {
    let isFirst = true;
    undo = client.collectionGroup(pattern.split('/').at(-2) ?? '').onSnapshot((snapshot) => {
      const created = isFirst ? [] : snapshot.docChanges().filter((change) => change.type === 'added');
      isFirst = false;
      for (const { doc } of created) tell(doc.ref.path);
    }, ended);
  }
  start();
  return () => undo();
}
