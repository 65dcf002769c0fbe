import { describe, expect, test } from '@jest/globals';
import { ROUTES } from '../../eventarc/routes.ts';
import { applied, TERRAFORM, whyNot, type Applied } from './applied.ts';
import { environmentFaults, workerFaults } from './guards/environment.ts';
import { grantFaults, otherFaults, wideFaults, type Granted } from './guards/rights.ts';
import { openFaults, routeFaults } from './guards/routes.ts';
import { LEAST, SETTINGS } from './settings.ts';

if (whyNot !== null) console.log(`Terraform's tests are skipped: ${whyNot}`);

const pools = ['chemistry', 'documents'];
const common = { project: 'my-project', database: '(default)', region: 'us-central1', pools };
const ENVIRONMENTS: readonly [string, object, Granted, Record<string, string[]>][] = [
  [
    'dev',
    SETTINGS,
    { ...common, prefix: 'slipway-dev', tenants: ['acme', 'lab'], regions: SETTINGS.regions },
    {
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
  ],
  ['prod', LEAST, { ...common, prefix: 'slipway-prod', tenants: [], regions: LEAST.regions }, {}],
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

(whyNot === null ? describe : describe.skip).each(ENVIRONMENTS)(
  'an apply of %s on a fresh project',
  (name, settings, at, named) => {
    const resources: readonly Applied[] = whyNot === null ? applied(`${TERRAFORM}/envs/${name}`, settings) : [];
    const without = (type: string, part: string): Applied[] => {
      const left = resources.filter((one) => one.type !== type || !one.address.includes(part));
      if (left.length !== resources.length - 1) throw new Error(`${type} … ${part} is not one resource`);
      return left;
    };
    const changed = (type: string, part: string, change: Applied['attributes']): Applied[] => [
      ...without(type, part),
      ...resources
        .filter((one) => one.type === type && one.address.includes(part))
        .map((one) => ({ ...one, attributes: { ...one.attributes, ...change } })),
    ];

    test('gives each route what calls its function, and lets it call', () => {
      expect(routeFaults(resources, ROUTES, at)).toEqual([]);
      expect(openFaults(resources, ROUTES, at)).toEqual([]);
    });

    test('would not pass without a trigger, without the right to call, or with a function that is open', () => {
      expect(routeFaults(without('google_eventarc_trigger', 'dispatch-nudges'), ROUTES, at)).toEqual([
        `nothing calls ${at.prefix}-dispatch with the messages of nudges`,
      ]);
      expect(routeFaults(without('google_cloud_run_v2_service_iam_member', 'function["worker"]'), ROUTES, at)).toEqual([
        `workers may not call ${at.prefix}-worker: its deliveries would all be 403`,
      ]);
      const open = changed('google_cloud_run_v2_service', 'function["dispatch"]', { invoker_iam_disabled: true });
      expect(openFaults(open, ROUTES, at)).toHaveLength(1);
    });

    test('tells each function exactly the variables that it reads, and each can start with them', () => {
      expect(environmentFaults(resources, at.prefix)).toEqual([]);
      expect(workerFaults(resources)).toEqual([]);
    });

    test('gives each function the rights that its grant comes to, and nobody the project', () => {
      expect(grantFaults(resources, at)).toEqual([]);
      expect(wideFaults(resources)).toEqual([]);
    });

    test('gives all others what they are for, and no more', () => {
      expect(otherFaults(resources, { ...accountsOf(at), ...named })).toEqual([]);
    });

    test('would not pass with a variable too few or too many', () => {
      const [sweep] = resources.filter(({ attributes }) => attributes['name'] === `${at.prefix}-sweep`);
      const env = (text: string, to: string): Applied[] => [
        ...resources.filter((one) => one !== sweep),
        JSON.parse(JSON.stringify(sweep).replace(text, to)) as Applied,
      ];
      expect(environmentFaults(env('SLIPWAY_REGION"', 'SLIPWAY_REGIO"'), at.prefix).join()).toMatch(
        /SLIPWAY_REGIO: is not a variable of sweep.*SLIPWAY_REGION: is missing/s,
      );
      expect(environmentFaults(env('SLIPWAY_REGIONS"', 'SLIPWAY_BUCKET"'), at.prefix)).toHaveLength(1);
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
  },
);
