/** One message of server-sent events; `id` is that of the last message that had one. */
export interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events piece by piece, wherever the pieces are cut. */
export interface MessageReader {
  /** The messages that are complete with this piece. */
  push(piece: string): Message[];
  /** How long the server wants to be left alone before it is asked again; null where it did not say. */
  retryMs(): number | null;
}

/** As the HTML standard has it: lines end with CR, LF or both, an empty one ends a message, and one without data is none. */
export function messageReader(): MessageReader {
  let line = '';
  let endedWithCr = false;
  let retryMs: number | null = null;
  let [id, event] = ['', ''];
  let data: string[] = [];

  const take = (name: string, value: string): void => {
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) retryMs = Number(value);
  };
  const ended = (): Message[] => {
    const messages = data.length === 0 ? [] : [{ id, event: event === '' ? 'message' : event, data: data.join('\n') }];
    event = '';
    data = [];
    return messages;
  };
  return {
    retryMs: () => retryMs,
    push: (piece) => {
      if (piece === '') return [];
      // The LF of a CR LF that was cut in two.
      const text = endedWithCr && piece.startsWith('\n') ? piece.slice(1) : piece;
      endedWithCr = piece.endsWith('\r');
      const lines = (line + text).split(/\r\n|\n|\r/);
      line = lines.pop() ?? '';
      return lines.flatMap((one) => {
        if (one === '') return ended();
        const at = one.indexOf(':');
        // What begins with a colon is a comment.
        if (at !== 0) take(at < 0 ? one : one.slice(0, at), at < 0 ? '' : one.slice(at + 1).replace(/^ /, ''));
        return [];
      });
    },
  };
}
