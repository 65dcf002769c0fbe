import { GRANTS, type Grant } from '../../../eventarc/grants.ts';
import { FUNCTION_NAMES } from '../../../eventarc/routes.ts';
import type { Applied } from '../applied.ts';
import { lastOf } from './resources.ts';
import type { Deployment } from './routes.ts';

/** Who has which role on what: `<role> on <what>`, as IAM has it. */
export interface Right {
  readonly member: string;
  readonly role: string;
  readonly on: string;
  readonly address: string;
}

export interface Granted extends Deployment {
  readonly regions: readonly string[];
  /** The Cloud Run Jobs are `<prefix>-<pool>`. */
  readonly pools: readonly string[];
}

/** Own the project, edit it, or may be anybody in it. */
const TOO_WIDE = new Set([
  'roles/owner',
  'roles/editor',
  'roles/iam.securityAdmin',
  'roles/resourcemanager.projectIamAdmin',
  'roles/iam.serviceAccountTokenCreator',
  'roles/iam.serviceAccountUser',
  'roles/iam.serviceAccountAdmin',
]);

/** What IAM resources are given on, by the attribute that names it. */
const ON = [
  'topic',
  'subscription',
  'bucket',
  'secret_id',
  'repository',
  'service_account_id',
  'name',
  'project',
] as const;

export function rightsIn(resources: readonly Applied[]): Right[] {
  return resources.flatMap(({ type, address, attributes }) => {
    if (!type.endsWith('_iam_member')) return [];
    const on = ON.find((key) => typeof attributes[key] === 'string') ?? 'project';
    const condition = (attributes['condition'] as { expression: string }[] | undefined)?.[0];
    const what = `${type.replace(/^google_|_iam_member$/g, '')} ${lastOf(String(attributes[on]))}`;
    return [
      {
        address,
        member: String(attributes['member']),
        role: String(attributes['role']),
        on: what + (condition === undefined ? '' : ` if ${condition.expression}`) + placeOf(attributes),
      },
    ];
  });
}

/** Bindings and policies take rights from others; roles that are too wide; rights that anybody has. */
export function wideFaults(resources: readonly Applied[]): string[] {
  const whole = resources.filter(({ type }) => /_iam_(binding|policy)$/.test(type));
  const rights = rightsIn(resources);
  return [
    ...whole.map(({ address }) => `${address} takes rights away that others gave: use an iam_member`),
    ...rights
      .filter(({ role, on }) => on.startsWith('project ') && TOO_WIDE.has(role))
      .map(({ address, role, member }) => `${address}: ${member} has ${role} in the whole project`),
    ...rights
      .filter(({ member }) => ['allUsers', 'allAuthenticatedUsers'].includes(member))
      .map(({ address }) => `${address} is for everybody`),
  ];
}

/**
 * Where a function's account has not exactly the roles that eventarc/grants.ts comes to.
 * @returns a line for each role that is missing or too many
 */
export function grantFaults(resources: readonly Applied[], at: Granted): string[] {
  const rights = rightsIn(resources);
  return FUNCTION_NAMES.flatMap((name) => {
    const email = `${at.prefix}-${name}@${at.project}.iam.gserviceaccount.com`;
    const has = rights
      .filter(({ member }) => member === `serviceAccount:${email}`)
      .map(({ role, on }) => `${role} on ${on}`);
    const wanted = wantedOf(GRANTS[name], email, at);
    return [
      ...wanted.filter((right) => !has.includes(right)).map((right) => `${name} lacks ${right}`),
      ...has
        .filter((right) => !wanted.includes(right))
        .map((right) => `${name} has ${right}, which its grant does not come to`),
      ...has.filter((right, i) => has.indexOf(right) !== i).map((right) => `${name} has ${right} twice`),
    ];
  });
}

function wantedOf(grant: Grant, email: string, at: Granted): string[] {
  const { prefix, project, database, region } = at;
  const condition = `resource.name == "projects/${project}/databases/${database}"`;
  const bucket = `storage_bucket ${project}-${prefix}-files`;
  const store = { none: [], read: ['roles/datastore.viewer'], write: ['roles/datastore.user'] }[grant.store];
  const topics = grant.publishes.flatMap((topic) =>
    topic === 'job-events' ? at.tenants.map((tenant) => `${topic}-${tenant}`) : [topic],
  );
  const blobs = new Set(grant.blobs);
  const reads = blobs.has('size')
    ? ['roles/storage.objectViewer']
    : blobs.has('sign-download')
      ? ['roles/storage.legacyObjectReader']
      : [];
  const jobs = at.pools.flatMap((pool) => at.regions.map((place) => `cloud_run_v2_job ${prefix}-${pool} in ${place}`));
  const signs = grant.tokens || blobs.has('sign-upload') || blobs.has('sign-download');
  return [
    ...store.map((role) => `${role} on project ${project} if ${condition}`),
    ...(grant.gauges ? [`roles/monitoring.metricWriter on project ${project}`] : []),
    ...topics.map((topic) => `roles/pubsub.publisher on pubsub_topic ${prefix}-${topic}`),
    ...grant.calls.map((other) => `roles/run.invoker on cloud_run_v2_service ${prefix}-${other} in ${region}`),
    ...(grant.launches
      ? jobs.flatMap((job) => [`roles/run.jobsExecutorWithOverrides on ${job}`, `roles/run.viewer on ${job}`])
      : []),
    ...(blobs.has('sign-upload') ? [`roles/storage.objectCreator on ${bucket}`] : []),
    ...reads.map((role) => `${role} on ${bucket}`),
    ...(blobs.has('remove') ? [`roles/storage.legacyBucketWriter on ${bucket}`] : []),
    ...grant.secrets.map((secret) => `roles/secretmanager.secretAccessor on secret_manager_secret ${prefix}-${secret}`),
    ...(signs ? [`roles/iam.serviceAccountTokenCreator on service_account ${email}`] : []),
  ];
}

/**
 * Where an account that is no function's has other roles than these: Eventarc's caller, push, the scheduler, workers, builds, those who
 * were named in the settings, and Google's own agents.
 * @param others who else may have what, each `<role> on <what>`, by member
 * @returns a line for each role that is missing or too many
 */
export function otherFaults(
  resources: readonly Applied[],
  others: Readonly<Record<string, readonly string[]>>,
): string[] {
  const rights = rightsIn(resources).filter(
    ({ member }) =>
      !FUNCTION_NAMES.some((name) => member.includes(`-${name}@`) && member.startsWith('serviceAccount:')),
  );
  const has = rights.map(({ member, role, on }) => `${member}: ${role} on ${on}`);
  const wanted = Object.entries(others).flatMap(([member, all]) => all.map((right) => `${member}: ${right}`));
  return [
    ...wanted.filter((right) => !has.includes(right)).map((right) => `missing: ${right}`),
    ...has.filter((right) => !wanted.includes(right)).map((right) => `too many: ${right}`),
  ];
}

/** Cloud Run's things have a place, and the others' names are enough. */
function placeOf({ location }: Applied['attributes']): string {
  return typeof location === 'string' ? ` in ${location}` : '';
}
