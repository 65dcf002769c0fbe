import { createRequire } from 'node:module';
import protobuf, { type Field, type Type } from 'protobufjs';

const require = createRequire(import.meta.url);

/** A message type as Google has published it. */
function publishedType(from: 'monitoring' | 'monitoring-dashboards', name: string): Type {
  const root = protobuf.Root.fromJSON(
    require(`@google-cloud/${from}/build/protos/protos.json`) as Parameters<typeof protobuf.Root.fromJSON>[0],
  );
  return root.resolveAll().lookupType(name);
}

export const alertPolicyType = (): Type => publishedType('monitoring', 'google.monitoring.v3.AlertPolicy');
export const dashboardType = (): Type =>
  publishedType('monitoring-dashboards', 'google.monitoring.dashboard.v1.Dashboard');

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What no API is sent: Terraform's own attributes, and what only an answer has. */
const NOT_SENT = new Set(['id', 'project', 'timeouts', 'creation_record']);

/**
 * A resource of Terraform, or JSON as an API takes it, as a message's plain object: names in camel case, a block of which there
 * can be one not in a list, durations and wrapped values as protobufs have them. What the type does not know is left as it is.
 */
export function plainOf(type: Type, value: Json): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value as Readonly<Record<string, Json>>).flatMap(([key, inner]) => {
    const name = camelCase(key);
    const isUnset = inner === null || inner === '' || (Array.isArray(inner) && inner.length === 0);
    return isUnset || NOT_SENT.has(key) ? [] : [[name, plainField(type.fields[name], inner)] as const];
  });
  return Object.fromEntries(entries);
}

function plainField(field: Field | undefined, value: Json): unknown {
  const type = field?.resolvedType;
  if (field === undefined || !(type instanceof protobuf.Type) || field.map) return value;
  if (!Array.isArray(value)) return plainMessage(type, value);
  const messages = (value as readonly Json[]).map((one) => plainMessage(type, one));
  return !field.repeated && messages.length === 1 ? messages[0] : messages;
}

function plainMessage(type: Type, value: Json): unknown {
  if (/^\.google\.protobuf\.\w+Value$/.test(type.fullName)) return { value };
  if (type.fullName !== '.google.protobuf.Duration' || typeof value !== 'string') return plainOf(type, value);
  const seconds = /^(\d+)s$/.exec(value)?.[1];
  return seconds === undefined ? value : { seconds };
}

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** What is left of a plain object in its message: keys and words that the type does not know are dropped without a word. */
export const roundTrip = (type: Type, plain: unknown): unknown =>
  type.toObject(type.fromObject(plain as Record<string, unknown>), { enums: String, longs: String });
