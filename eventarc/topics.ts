import { TenantId } from '../domain/contract/tenant.ts';
import type { Messages, Topic } from '../domain/messages.ts';

/** A message as it is published: `topic` without what the names of a deployment's topics begin with. */
export interface Outgoing {
  readonly topic: string;
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Where another system publishes a tenant's requests. */
export const requestTopicOf = (tenant: string): string => `job-requests-${tenant}`;
/** Where a tenant is told of the ends of its jobs. */
export const eventTopicOf = (tenant: string): string => `job-events-${tenant}`;

/** What leaves this deployment has attributes to filter by; the others are read by functions alone. */
export function outgoing<T extends Topic>(topic: T, message: Messages[T]): Outgoing {
  if (topic === 'job-events') {
    const { tenant, id, type, sequence, body } = message as Messages['job-events'];
    return { topic: eventTopicOf(tenant), data: body, attributes: { id, type, sequence: String(sequence) } };
  }
  const data = JSON.stringify(message);
  if (topic !== 'job-rejections') return { topic, data, attributes: {} };
  const { tenant, code } = message as Messages['job-rejections'];
  return { topic, data, attributes: { code, ...(tenant === null ? {} : { tenant }) } };
}

/**
 * The tenant whose topic of requests this is the source of an event of; null where it is none. The whole name counts, so
 * that no tenant's id can be read out of another's.
 * @param prefix what the names of this deployment's topics begin with
 */
export function requesterOf(source: string, prefix: string): string | null {
  const name = /^\/\/pubsub\.googleapis\.com\/projects\/[^/]+\/topics\/([^/]+)$/.exec(source)?.[1];
  const begin = prefix + requestTopicOf('');
  if (name?.startsWith(begin) !== true) return null;
  return TenantId.safeParse(name.slice(begin.length)).data ?? null;
}
