import protobuf from 'protobufjs/light.js';
import { PoisonEventError } from '../domain/errors.ts';
import { decodeObject, isBase64 } from './decode.ts';
import { DOCUMENT_EVENT } from './document-event.ts';

/** `{`: no protobuf of a document event begins with it, and no base64 has it. */
const BRACE = 0x7b;

const documentEvent = protobuf.Root.fromJSON(DOCUMENT_EVENT).lookupType('DocumentEventData');

/**
 * The path of the document that a Firestore event tells of, from its data: protobuf as in production, the base64 text of it
 * as Google's emulator sends it under the same content type, or JSON where a trigger asks for that. The fields are left
 * alone: whoever handles an event reads again.
 * @param document the `document` attribute of the event, which must name the same
 * @throws PoisonEventError
 */
export function decodeDocumentPath(body: unknown, document: unknown): string {
  if (!(body instanceof Uint8Array) || body.length === 0) throw new PoisonEventError('there is no body');
  const name = body[0] === BRACE ? nameInJson(body) : nameInProtobuf(body);
  const path = /^projects\/[^/]+\/databases\/[^/]+\/documents\/(.+)$/.exec(name)?.[1];
  if (path === undefined) throw new PoisonEventError('the event names no document');
  if (document !== undefined && decoded(document) !== path) {
    throw new PoisonEventError('the event says of itself that it tells of another document');
  }
  return path;
}

function nameInJson(body: Uint8Array): string {
  const { value } = decodeObject(body) as { value?: { name?: unknown } };
  return typeof value?.name === 'string' ? value.name : '';
}

function nameInProtobuf(body: Uint8Array): string {
  const text = Buffer.from(body).toString('latin1').trim();
  const bytes = isBase64(text) ? Buffer.from(text, 'base64') : body;
  try {
    const { value } = documentEvent.decode(bytes) as unknown as { value?: { name?: string } };
    return value?.name ?? '';
  } catch {
    throw new PoisonEventError('the body is no DocumentEventData');
  }
}

/** CloudEvents' HTTP binding percent-encodes attributes. */
function decoded(attribute: unknown): string {
  try {
    return decodeURIComponent(String(attribute));
  } catch {
    return String(attribute);
  }
}
