import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Ends of jobs as webhooks tell them: the instant of the first that came, and every way in which a job was told to have ended. */
export interface Listener {
  readonly url: string;
  readonly told: ReadonlyMap<string, { readonly atMs: number; readonly states: ReadonlySet<string> }>;
  stop(): Promise<void>;
}

/** Receives webhooks on this machine. It takes their word: whether they are signed rightly is for the tests. */
export async function listen(): Promise<Listener> {
  const told = new Map<string, { atMs: number; states: Set<string> }>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.writeHead(204).end();
      const { data } = JSON.parse(body) as { data: { id: string; state: string } };
      const entry = told.get(data.id) ?? { atMs: Date.now(), states: new Set() };
      entry.states.add(data.state);
      told.set(data.id, entry);
    });
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    told,
    stop: async () => {
      const closed = new Promise((resolve) => server.once('close', resolve));
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
