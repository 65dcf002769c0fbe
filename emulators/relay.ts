import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

/** Where the Firestore emulator takes registrations of triggers, for one project. */
const registration = (emulator: string, projectId: string, triggerId: string): string =>
  `http://${emulator}/emulator/v1/projects/${projectId}/eventarcTrigger?eventarcTriggerId=${triggerId}`;

/** Where stacks of this machine are, and nowhere else: any page that a browser shows can send a request here. */
const TARGET = /^http:\/\/127\.0\.0\.1:\d+\//;

const TRIGGER_PATH = /^\/functions\/projects\/[^/]+\/triggers\/([A-Za-z0-9_-]+)$/;

export interface Relay {
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Passes the events of a Firestore emulator on. The emulator sends all of them to one address, which it is told at its start,
 * while stacks on it come and go: so the id of a trigger carries the address its events are meant for.
 */
export async function startRelay(): Promise<Relay> {
  const server = createServer((incoming, response) => {
    forward(incoming).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(502).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function forward(incoming: IncomingMessage): Promise<number> {
  const id = TRIGGER_PATH.exec(incoming.url ?? '')?.[1];
  const target = Buffer.from(id ?? '', 'base64url').toString('utf8');
  if (!TARGET.test(target)) return 404;
  // Those of the connection are undici's own affair.
  const headers = Object.entries(incoming.headers).filter(
    ([name]) => !/^(host|connection|transfer-encoding)$/.test(name),
  );
  const { statusCode, body } = await request(target, {
    method: 'POST',
    headers: Object.fromEntries(headers),
    body: incoming,
  });
  await body.dump();
  return statusCode;
}

/**
 * Has a Firestore emulator tell `target` of each document created at this path pattern.
 * @throws Error if the emulator does not take it
 */
export async function registerTrigger(
  emulator: string,
  projectId: string,
  trigger: { readonly document: string; readonly target: string },
): Promise<void> {
  const { statusCode, body } = await request(
    registration(emulator, projectId, Buffer.from(trigger.target).toString('base64url')),
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        eventType: 'google.cloud.firestore.document.v1.created',
        database: '(default)',
        namespace: '(default)',
        document: { value: trigger.document, matchType: 'PATH_PATTERN' },
      }),
    },
  );
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`the Firestore emulator at ${emulator} refused a trigger: ${text}`);
}
