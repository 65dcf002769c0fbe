import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer of the deployment, on its way. */
export interface Answer {
  readonly method: string;
  readonly path: string;
  status: number;
  readonly headers: Headers;
  body: Buffer;
}

/** Stands in front of a deployment and does something to its answers. @param spoil changes an answer where it lies */
export async function spoiled(
  url: string,
  spoil: (answer: Answer) => void,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = '', url: path = '' } = request;
      const headers = Object.entries(request.headers).filter(
        ([name]) => !['host', 'connection', 'content-length'].includes(name),
      );
      const got = await fetch(`${url}${path}`, {
        method,
        headers: headers.map(([name, value]) => [name, String(value)] as [string, string]),
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
      const answer: Answer = {
        method,
        path,
        status: got.status,
        headers: new Headers(got.headers),
        body: Buffer.from(await got.arrayBuffer()),
      };
      for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'connection'])
        answer.headers.delete(name);
      spoil(answer);
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(answer.body);
    };
    pass().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Changes an answer that is JSON. */
export function inJson(answer: Answer, change: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(answer.body.toString()) as Record<string, unknown>;
  change(json);
  answer.body = Buffer.from(JSON.stringify(json));
}

/** Of each operation the first answer is what Cloud Run says of a service that is not there yet. */
export function notYetAtFirst(): (answer: Answer) => void {
  const asked = new Set<string>();
  const ways = [404, 403, 500];
  return (answer) => {
    const { method, path } = answer;
    const operation = `${method} ${path}`;
    if (asked.has(operation)) return;
    answer.status = ways[asked.size % ways.length] ?? 404;
    answer.headers.set('content-type', 'text/html; charset=UTF-8');
    answer.body = Buffer.from('<html><title>Error</title></html>');
    asked.add(operation);
  };
}
