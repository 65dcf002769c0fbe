import { Agent, request, type IncomingMessage } from 'node:http';

/** A line to one server: its connections are kept for the next call. */
export interface Line {
  /**
   * Posts and reads the whole answer. Node's own client: it loads in a third of the time of any other.
   * @throws Error where no whole answer came, or `signal` was aborted before
   */
  post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }>;
  /** Drops all connections. */
  close(): void;
}

/** @param url an http or https address of the server */
export function openLine(url: string): Line {
  const opened = url.startsWith('https:') ? secureLine() : Promise.resolve({ request, agent: new Agent(KEPT) });
  return {
    async post(to, headers, body, signal) {
      const { request: send, agent } = await opened;
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      send(to, { method: 'POST', headers, agent, signal }, resolve).on('error', reject).end(body);
      const response = await promise;
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
      return { status: response.statusCode ?? 0, text };
    },
    close: () => void opened.then(({ agent }) => agent.destroy()),
  };
}

/** A connection that was idle for longer may be gone on the other side. */
const KEPT = { keepAlive: true, timeout: 4_000 };

/** TLS is loaded only where the door is behind it. */
async function secureLine(): Promise<{ request: typeof request; agent: Agent }> {
  const https = await import('node:https');
  return { request: https.request, agent: new https.Agent(KEPT) };
}
