import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Scope } from '../../domain/contract/tenant.ts';
import type { ProblemCode } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import type { StreamedAnswer } from '../http/stream.ts';
import type { Caller } from './authenticate.ts';

/** One admitted request, of anyone. `gone` is aborted when the client has hung up. */
export interface OpenCall {
  /** What the key that was shown is good for; nothing where none was. */
  readonly scopes: readonly Scope[];
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly gone: AbortSignal;
}

/** One of a tenant, and whose. */
export interface Call extends OpenCall, Caller {}

export interface HeaderDoc {
  readonly name: string;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface AnswerDoc {
  readonly status: number;
  readonly description: string;
  /** Null where there is no body. */
  readonly schema: z.ZodType | null;
  /** What comes as server-sent events, where the client takes them. */
  readonly events?: string;
  readonly headers?: readonly HeaderDoc[];
}

/** One operation: what the router calls and what openapi.json is generated from. */
export type ApiRoute = Operation & (Keyed | Open);

/** What a key must be good for. */
interface Keyed {
  readonly scope: Scope;
  readonly handle: (deps: ApiDeps, call: Call) => Promise<Answer | StreamedAnswer>;
}

/** Anyone may ask it without a key. One that is shown has to be good all the same. */
interface Open {
  readonly scope: null;
  readonly handle: (deps: ApiDeps, call: OpenCall) => Promise<Answer | StreamedAnswer>;
}

interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments in braces are parameters. */
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  /** Shows one job, `{id}`, and so is open to a read token of it, and to browsers anywhere. */
  readonly showsJob?: true;
  readonly params?: Readonly<Record<string, { readonly description: string; readonly schema: z.ZodType }>>;
  readonly query?: z.ZodObject;
  readonly headers?: readonly HeaderDoc[];
  readonly body?: z.ZodType;
  readonly bodyExample?: Readonly<Record<string, unknown>>;
  /** Where the body may be left out. */
  readonly isBodyOptional?: true;
  readonly answers: readonly AnswerDoc[];
  /** Beyond those that every operation can give. */
  readonly problems: readonly ProblemCode[];
}

/** What may be wrong with any request that has a body. */
export const BODY_PROBLEMS = ['invalid_json', 'length_required', 'body_too_large', 'unsupported_media_type'] as const;
