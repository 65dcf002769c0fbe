import type { FunctionName, Route } from '../../../eventarc/routes.ts';
import type { Applied } from '../applied.ts';

export interface Deployment {
  readonly prefix: string;
  /** The home region. */
  readonly region: string;
  readonly tenants: readonly string[];
}

type Attributes = Readonly<Record<string, unknown>>;

/**
 * What is wrong with the ways into the functions: each route has what calls its function, and what calls it may.
 * @returns a line for each fault
 */
export function routeFaults(resources: readonly Applied[], routes: readonly Route[], at: Deployment): string[] {
  const found = looking(resources);
  return routes.flatMap((route) => {
    const service = `${at.prefix}-${route.function}`;
    const called = (what: string, account: string): string[] =>
      found.some(
        'google_cloud_run_v2_service_iam_member',
        ({ name, role, member }) =>
          name === service && role === 'roles/run.invoker' && member === `serviceAccount:${accountOf(account)}`,
      )
        ? []
        : [`${what} may not call ${service}: its deliveries would all be 403`];
    const accountOf = (name: string): string => `${at.prefix}-${name}@${projectOf(resources)}.iam.gserviceaccount.com`;
    const trigger = (what: string, fits: (attributes: Attributes) => boolean): string[] => [
      ...(found.some(
        'google_eventarc_trigger',
        (attributes) =>
          destinationOf(attributes) === service &&
          attributes['service_account'] === accountOf('events') &&
          fits(attributes),
      )
        ? []
        : [`nothing calls ${service} with ${what}`]),
      ...called('events', 'events'),
    ];
    const ofTopic = (topic: string): string[] =>
      trigger(
        `the messages of ${topic}`,
        (attributes) => topicOf(attributes) === `${at.prefix}-${topic}` && attributes['location'] === at.region,
      );

    switch (route.via) {
      case 'topic':
        return ofTopic(route.topic);
      case 'tenant-topic':
        return at.tenants.flatMap((tenant) => ofTopic(`${route.topics}${tenant}`));
      case 'document':
        return trigger(
          `created ${route.document}`,
          (attributes) =>
            attributes['event_data_content_type'] === 'application/protobuf' &&
            criteriaOf(attributes).some(
              ({ attribute, value, operator }) =>
                attribute === 'document' && value === route.document && operator === 'match-path-pattern',
            ),
        );
      case 'push':
        return [
          ...(found.some(
            'google_pubsub_subscription',
            ({ topic, push_config: push }) =>
              String(topic).endsWith(`/${at.prefix}-${route.topic}`) &&
              first(push)['push_endpoint'] === addressOf(resources, route.function, at),
          )
            ? []
            : [`nothing pushes ${route.topic} to ${service}`]),
          ...called('push', 'push'),
        ];
      case 'schedule':
        return [
          ...(found.some(
            'google_cloud_scheduler_job',
            ({ schedule, http_target: target }) =>
              schedule === route.schedule &&
              String(first(target)['uri']).startsWith(addressOf(resources, route.function, at)),
          )
            ? []
            : [`nothing calls ${service} at ${route.schedule}`]),
          ...called('the scheduler', 'scheduler'),
        ];
      case 'http':
        if (!route.public) return called('workers', 'gpu-job');
        return found.some(
          'google_cloud_run_v2_service',
          ({ name, invoker_iam_disabled: open }) => name === service && open === true,
        )
          ? []
          : [`${service} is public, and its callers would have to be named`];
    }
  });
}

/** Services that everybody may call though no route says so. */
export function openFaults(resources: readonly Applied[], routes: readonly Route[], { prefix }: Deployment): string[] {
  const open = new Set(routes.flatMap((route) => (route.via === 'http' && route.public ? [route.function] : [])));
  return resources.flatMap(({ type, address, attributes }) => {
    const name = String(attributes['name']).slice(prefix.length + 1);
    const isOpen = type === 'google_cloud_run_v2_service' && attributes['invoker_iam_disabled'] === true;
    // The receiver of test webhooks has nothing to protect.
    return isOpen && !open.has(name as FunctionName) && name !== 'receiver' ? [`everybody may call ${address}`] : [];
  });
}

const looking = (resources: readonly Applied[]) => ({
  some: (type: string, fits: (attributes: Attributes) => boolean): boolean =>
    resources.some((resource) => resource.type === type && fits(resource.attributes)),
});

/** A block that Terraform keeps as a list of one. */
const first = (block: unknown): Attributes => (block as Attributes[] | null)?.[0] ?? {};

const destinationOf = (trigger: Attributes): unknown =>
  first(first(trigger['destination'])['cloud_run_service'])['service'];
const topicOf = (trigger: Attributes): string =>
  String(first(first(trigger['transport'])['pubsub'])['topic'])
    .split('/')
    .at(-1) ?? '';
const criteriaOf = (trigger: Attributes) =>
  trigger['matching_criteria'] as readonly { attribute: string; value: string; operator: string | null }[];

function projectOf(resources: readonly Applied[]): string {
  const account = resources.find(({ type }) => type === 'google_service_account');
  return String(account?.attributes['project']);
}

/** Where a function is: its address with the project's number, which its own environment need not say. */
function addressOf(resources: readonly Applied[], name: FunctionName, { prefix, region }: Deployment): string {
  const hosts = resources
    .filter(({ type }) => type === 'google_cloud_run_v2_service')
    .flatMap(({ attributes }) => envOf(attributes))
    .find((variable) => variable.name === 'SLIPWAY_OWN_HOSTS');
  const host = hosts?.value
    .split(',')
    .find((one) => one.startsWith(`${prefix}-${name}-`) && one.includes(`.${region}.`));
  return `https://${host ?? 'unknown'}`;
}

/** The variables of a service's one container. */
export function envOf(service: Attributes): { readonly name: string; readonly value: string }[] {
  return (first(first(service['template'])['containers'])['env'] ?? []) as { name: string; value: string }[];
}
