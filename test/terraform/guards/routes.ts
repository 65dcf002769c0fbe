import type { FunctionName, Route } from '../../../eventarc/routes.ts';
import type { Applied } from '../applied.ts';
import { all, first, lastOf, ofType, type Attributes } from './resources.ts';

export interface Deployment {
  readonly project: string;
  readonly prefix: string;
  /** The home region. */
  readonly region: string;
  readonly tenants: readonly string[];
  readonly database: string;
  readonly databaseLocation: string;
}

/** The number of the project that is made up for each apply. */
const PROJECT_NUMBER = '123456789012';

const accountOf = (name: string, { prefix, project }: Deployment): string =>
  `${prefix}-${name}@${project}.iam.gserviceaccount.com`;
const addressOf = (name: FunctionName, { prefix, region }: Deployment): string =>
  `https://${prefix}-${name}-${PROJECT_NUMBER}.${region}.run.app`;

/**
 * What is wrong with the ways into the functions: each route has what calls its function, what calls it may, and nothing else
 * does.
 * @returns a line for each way that is missing or too many
 */
export function routeFaults(resources: readonly Applied[], routes: readonly Route[], at: Deployment): string[] {
  const [has, wanted] = [waysIn(resources), routes.flatMap((route) => wantedOf(route, at))];
  // Several routes of one function are called by one account.
  const lines = new Set(wanted);
  return [
    ...[...lines].filter((way) => !has.includes(way)).map((way) => `missing: ${way}`),
    ...has.filter((way) => !lines.has(way) && !isAFunctions(way, at)).map((way) => `too many: ${way}`),
  ];
}

/** Calls of one function by another are rights of its grant (rights.ts). */
const isAFunctions = (way: string, at: Deployment): boolean => way.startsWith(`${accountOf('sweep', at)} calls `);

function wantedOf(route: Route, at: Deployment): string[] {
  const { prefix, region, database, databaseLocation } = at;
  const service = `${prefix}-${route.function}`;
  const address = addressOf(route.function, at);
  const calls = (name: string): string => `${accountOf(name, at)} calls ${service} in ${region}`;
  const message = (topic: string): string =>
    `trigger in ${region}: type=google.cloud.pubsub.topic.v1.messagePublished of ${prefix}-${topic} to ${service} in ${region} as ${accountOf('events', at)}`;
  switch (route.via) {
    case 'http':
      return [route.public ? `everybody calls ${service} in ${region}` : calls('gpu-job')];
    case 'topic':
      return [message(route.topic), calls('events')];
    case 'tenant-topic':
      return [...at.tenants.map((tenant) => message(route.topics + tenant)), calls('events')];
    case 'document': {
      const criteria = `type=google.cloud.firestore.document.v1.created database=${database} document~${route.document}`;
      return [
        `trigger in ${databaseLocation}: ${criteria} as application/protobuf to ${service} in ${region} as ${accountOf('events', at)}`,
        calls('events'),
      ];
    }
    case 'push':
      return [
        `push of ${prefix}-${route.topic} to ${address} as ${accountOf('push', at)} for ${address}`,
        calls('push'),
      ];
    case 'schedule':
      return [
        `${route.schedule} in ${region}: POST ${address}/ as ${accountOf('scheduler', at)} for ${address}`,
        calls('scheduler'),
      ];
  }
}

function waysIn(resources: readonly Applied[]): string[] {
  return [
    ...ofType(resources, 'google_eventarc_trigger').map(triggerIn),
    ...ofType(resources, 'google_pubsub_subscription').flatMap(pushIn),
    ...ofType(resources, 'google_cloud_scheduler_job').map(scheduleIn),
    ...ofType(resources, 'google_cloud_run_v2_service_iam_member').map(
      ({ member, name, location, role }) =>
        `${String(member).replace('serviceAccount:', '')} calls ${String(name)} in ${String(location)}${role === 'roles/run.invoker' ? '' : ` by ${String(role)}`}`,
    ),
    ...ofType(resources, 'google_cloud_run_v2_service')
      // The receiver of test webhooks has nothing to protect.
      .filter(({ name, invoker_iam_disabled: open }) => open === true && !String(name).endsWith('-receiver'))
      .map(({ name, location }) => `everybody calls ${String(name)} in ${String(location)}`),
  ];
}

function triggerIn(trigger: Attributes): string {
  const order = ['type', 'database', 'document'];
  const criteria = all(trigger['matching_criteria'])
    .toSorted((a, b) => order.indexOf(String(a['attribute'])) - order.indexOf(String(b['attribute'])))
    .map(
      ({ attribute, value, operator }) =>
        `${String(attribute)}${operator === 'match-path-pattern' ? '~' : '='}${String(value)}`,
    )
    .join(' ');
  const topic = first(first(trigger['transport'])['pubsub'])['topic'];
  const content = trigger['event_data_content_type'];
  const to = first(first(trigger['destination'])['cloud_run_service']);
  const what = topic === undefined ? `as ${String(content)}` : `of ${lastOf(topic)}`;
  return `trigger in ${String(trigger['location'])}: ${criteria} ${what} to ${String(to['service'])} in ${String(to['region'])} as ${String(trigger['service_account'])}`;
}

function pushIn({ topic, push_config: push }: Attributes): string[] {
  const { push_endpoint: to, oidc_token: token } = first(push);
  if (to === undefined) return [];
  const { service_account_email: account, audience } = first(token);
  return [`push of ${lastOf(topic)} to ${to as string} as ${String(account)} for ${String(audience)}`];
}

function scheduleIn({ schedule, region, http_target: target }: Attributes): string {
  const { uri, http_method: method, oidc_token: token } = first(target);
  const { service_account_email: account, audience } = first(token);
  return `${String(schedule)} in ${String(region)}: ${String(method)} ${String(uri)} as ${String(account)} for ${String(audience)}`;
}
