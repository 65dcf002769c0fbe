import { beforeAll, describe, expect, test } from '@jest/globals';
import { ROUTES } from '../../eventarc/routes.ts';
import { applied, TERRAFORM, whyNot, type Applied } from './applied.ts';
import { environmentFaults, workerFaults } from './guards/environment.ts';
import { factFaults, type Facts } from './guards/facts.ts';
import { grantFaults, otherFaults, wideFaults, type Granted } from './guards/rights.ts';
import { routeFaults } from './guards/routes.ts';
import { LEAST, SETTINGS } from './settings.ts';

if (whyNot !== null) console.log(`Terraform's tests are skipped: ${whyNot}`);

interface Environment {
  readonly name: string;
  readonly settings: object;
  readonly at: Facts & Granted;
  /** Who is named in the settings, with what they may. */
  readonly named: Readonly<Record<string, readonly string[]>>;
}

const common = {
  project: 'my-project',
  region: 'us-central1',
  pools: ['chemistry', 'documents'],
  images: SETTINGS.images.functions,
};
const ENVIRONMENTS: readonly Environment[] = [
  {
    name: 'dev',
    settings: SETTINGS,
    at: {
      ...common,
      prefix: 'slipway-dev',
      tenants: ['acme', 'lab'],
      regions: SETTINGS.regions,
      database: 'jobs-of-dev',
      databaseLocation: 'nam5',
      isProtected: false,
      corsOrigins: SETTINGS.cors_origins,
    },
    named: {
      'serviceAccount:jobs@acme.iam.gserviceaccount.com': [
        'roles/pubsub.publisher on pubsub_topic slipway-dev-job-requests-acme',
      ],
      'serviceAccount:ends@acme.iam.gserviceaccount.com': [
        'roles/pubsub.subscriber on pubsub_topic slipway-dev-job-events-acme',
      ],
      'group:ops@example.com': ['roles/pubsub.subscriber on pubsub_topic slipway-dev-job-rejections'],
      'user:ada@example.com': [
        'roles/iam.serviceAccountUser on service_account slipway-dev-build@my-project.iam.gserviceaccount.com',
      ],
    },
  },
  {
    name: 'prod',
    settings: LEAST,
    at: {
      ...common,
      prefix: 'slipway-prod',
      tenants: [],
      regions: LEAST.regions,
      database: '(default)',
      databaseLocation: 'us-central1',
      isProtected: true,
      corsOrigins: [],
    },
    named: {},
  },
];

/** What runs beside the functions, and Google's own agents. */
function accountsOf({ prefix, project, region }: Granted): Record<string, string[]> {
  const account = (name: string): string => `serviceAccount:${prefix}-${name}@${project}.iam.gserviceaccount.com`;
  const agent = (domain: string): string => `serviceAccount:service-123456789012@${domain}.iam.gserviceaccount.com`;
  const calls = (name: string): string => `roles/run.invoker on cloud_run_v2_service ${prefix}-${name} in ${region}`;
  const inProject = (role: string): string => `${role} on project ${project}`;
  return {
    [account('events')]: [
      inProject('roles/eventarc.eventReceiver'),
      calls('intake'),
      calls('dispatch'),
      calls('on-job-event'),
    ],
    [account('push')]: [calls('deliver-webhook')],
    [account('scheduler')]: [calls('sweep')],
    [account('gpu-job')]: [calls('worker')],
    [account('build')]: [
      inProject('roles/logging.logWriter'),
      `roles/artifactregistry.writer on artifact_registry_repository ${prefix} in ${region}`,
      `roles/storage.objectViewer on storage_bucket ${project}-${prefix}-build`,
    ],
    [agent('gcp-sa-cloudbuild')]: [inProject('roles/cloudbuild.serviceAgent')],
    [agent('gcp-sa-cloudscheduler')]: [inProject('roles/cloudscheduler.serviceAgent')],
    [agent('gcp-sa-eventarc')]: [inProject('roles/eventarc.serviceAgent')],
    [agent('serverless-robot-prod')]: [inProject('roles/run.serviceAgent')],
    [agent('gcp-sa-pubsub')]: [
      inProject('roles/pubsub.serviceAgent'),
      `roles/pubsub.publisher on pubsub_topic ${prefix}-deliveries-dead`,
      `roles/pubsub.subscriber on pubsub_subscription ${prefix}-deliveries`,
    ],
  };
}

const describeWithTerraform = whyNot === null ? describe : describe.skip;

describeWithTerraform.each(ENVIRONMENTS)('an apply of $name on a fresh project', ({ name, settings, at, named }) => {
  let resources: readonly Applied[];
  beforeAll(() => {
    resources = applied(`${TERRAFORM}/envs/${name}`, settings);
  });

  /** The same but for one resource, whose text is changed; without it where it is changed to nothing. */
  const broken = (address: string, change: (text: string) => string | null): Applied[] => {
    const fits = resources.filter((one) => one.address === `module.slipway.module.${address}`);
    if (fits.length !== 1) throw new Error(`${address} is ${fits.length} resources`);
    const text = change(JSON.stringify(fits[0]));
    if (text === JSON.stringify(fits[0])) throw new Error(`${address} was not changed`);
    return [...resources.filter((one) => one !== fits[0]), ...(text === null ? [] : [JSON.parse(text) as Applied])];
  };
  const gone = (): null => null;
  const service = (name: string): string => `function["${name}"].google_cloud_run_v2_service.this`;

  test('gives each route what calls its function, lets it call, and nobody else', () => {
    expect(routeFaults(resources, ROUTES, at)).toEqual([]);
  });

  test.each<[string, string, (text: string) => string | null]>([
    ['without a trigger', 'trigger["dispatch-nudges"].google_eventarc_trigger.this', gone],
    [
      'with a trigger that takes a pattern for a name',
      'trigger["on-job-event-jobs-events"].google_eventarc_trigger.this',
      (text) => text.replace('match-path-pattern', ''),
    ],
    [
      'with events as JSON',
      'trigger["on-job-event-jobs-events"].google_eventarc_trigger.this',
      (text) => text.replace('application/protobuf', 'application/json'),
    ],
    [
      'without the right to call',
      'function["worker"].google_cloud_run_v2_service_iam_member.invokers["gpu-job"]',
      gone,
    ],
    [
      'with a token for somebody else',
      'deliveries.google_pubsub_subscription.this',
      (text) => text.replace('"audience":"https://', '"audience":"https://other.'),
    ],
    ['without a schedule', 'scheduler.google_cloud_scheduler_job.sweep', gone],
    [
      'with a function that is open',
      service('dispatch'),
      (text) => text.replace('"invoker_iam_disabled":false', '"invoker_iam_disabled":true'),
    ],
  ])('would not pass %s', (_, address, change) => {
    expect(routeFaults(broken(address, change), ROUTES, at)).not.toEqual([]);
  });

  test('tells each function exactly the variables that it reads, and each can start with them', () => {
    expect(environmentFaults(resources, at.prefix)).toEqual([]);
    expect(workerFaults(resources)).toEqual([]);
  });

  test('would not pass with a variable too few or too many', () => {
    const misspelt = broken(service('sweep'), (text) => text.replace('SLIPWAY_REGION"', 'SLIPWAY_REGIO"'));
    expect(environmentFaults(misspelt, at.prefix).join()).toMatch(
      /SLIPWAY_REGIO: is not a variable of sweep.*SLIPWAY_REGION: is missing/s,
    );
    const strange = broken(service('sweep'), (text) => text.replace('SLIPWAY_REGIONS"', 'SLIPWAY_BUCKET"'));
    expect(environmentFaults(strange, at.prefix)).toHaveLength(1);
  });

  test('gives each function the rights that its grant comes to, all others what they are for, and nobody the project', () => {
    expect(grantFaults(resources, at)).toEqual([]);
    expect(otherFaults(resources, { ...accountsOf(at), ...named })).toEqual([]);
    expect(wideFaults(resources)).toEqual([]);
  });

  test('would not pass with a role too many, or one too wide', () => {
    const member = `serviceAccount:${at.prefix}-sweep@${at.project}.iam.gserviceaccount.com`;
    const more = (role: string): Applied[] => [
      ...resources,
      {
        address: 'one.more',
        type: 'google_project_iam_member',
        attributes: { role, member, project: at.project, condition: [] },
      },
    ];
    expect(grantFaults(more('roles/run.developer'), at)).toEqual([
      `sweep has roles/run.developer on project ${at.project}, which its grant does not come to`,
    ]);
    expect(wideFaults(more('roles/editor'))).toEqual([`one.more: ${member} has roles/editor in the whole project`]);
  });

  test('hands what is decided at the top down to what it is about', () => {
    expect(factFaults(resources, at)).toEqual([]);
  });

  test.each<[string, string, (text: string) => string]>([
    [
      'as another account',
      service('dispatch'),
      (text) => text.replace(/"service_account":"[^"]+"/, '"service_account":""'),
    ],
    ['of another image', service('dispatch'), (text) => text.replace('function-dispatch', 'function-api')],
    ['past the firewall', service('deliver-webhook'), (text) => text.replace('ALL_TRAFFIC', 'PRIVATE_RANGES_ONLY')],
    ['before its way out is open', service('deliver-webhook'), (text) => text.replace('"/startup"', '"/"')],
    ['always', service('sweep'), (text) => text.replace('"min_instance_count":0', '"min_instance_count":1')],
    [
      'with other rules',
      'job_store.google_firebaserules_ruleset.this',
      (text) => text.replace('isTenant', 'isAnybody'),
    ],
    [
      'in another place',
      'job_store.google_firestore_database.this',
      (text) => text.replace(/"location_id":"[^"]+"/, '"location_id":"eur3"'),
    ],
    [
      'with another protection',
      'job_store.google_firestore_database.this',
      (text) => text.replace(/DELETE_PROTECTION_\w+/, 'x'),
    ],
    [
      'with files that go too soon',
      'bucket.google_storage_bucket.this',
      (text) => text.replace('"age":400', '"age":1'),
    ],
    [
      'with a hole in the firewall',
      'egress.google_compute_firewall.deny_private',
      (text) => text.replace('"10.0.0.0/8",', ''),
    ],
  ])('would not pass %s', (_, address, change) => {
    expect(factFaults(broken(address, change), at)).not.toEqual([]);
  });
});
