import { KEY, type TestApi } from './serve-api.ts';

/** One message of a stream; a comment has only `comment`. */
export interface Message {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retry?: string;
  readonly comment?: string;
}

export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next message; null once the server has ended the stream. */
  next(): Promise<Message | null>;
  /** All that are left. */
  rest(): Promise<Message[]>;
  hangUp(): void;
}

/** A client of `GET /v1/jobs/{id}/events`, reading message by message. */
export async function openEvents(api: TestApi, id: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const hangUp = new AbortController();
  const answer = await fetch(`${api.url}/v1/jobs/${id}/events`, {
    headers: { authorization: `Bearer ${KEY}`, accept: 'text/event-stream', ...headers },
    signal: hangUp.signal,
  });
  const messages = parse(answer.body);
  const next = async (): Promise<Message | null> => {
    const { value, done } = await messages.next();
    return done === true ? null : value;
  };
  return {
    status: answer.status,
    headers: answer.headers,
    next,
    rest: async () => {
      const rest: Message[] = [];
      for (let one = await next(); one !== null; one = await next()) rest.push(one);
      return rest;
    },
    hangUp: () => hangUp.abort(),
  };
}

async function* parse(body: Response['body']): AsyncGenerator<Message, undefined> {
  let text = '';
  for await (const bytes of body ?? []) {
    text += Buffer.from(bytes).toString('utf8');
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) yield messageOf(part);
  }
}

function messageOf(part: string): Message {
  const fields = part.split('\n').map((line): [string, string] => {
    const [, name = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
    return [name === '' ? 'comment' : name, value];
  });
  const { data, ...rest } = Object.fromEntries(fields);
  return { ...rest, ...(data === undefined ? {} : { data: JSON.parse(data) as Record<string, unknown> }) };
}
