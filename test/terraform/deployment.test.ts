import { describe, expect, test } from '@jest/globals';
import { ROUTES } from '../../eventarc/routes.ts';
import { applied, TERRAFORM, whyNot, type Applied } from './applied.ts';
import { environmentFaults } from './guards/environment.ts';
import { grantFaults, wideFaults, type Granted } from './guards/rights.ts';
import { openFaults, routeFaults } from './guards/routes.ts';
import { LEAST, SETTINGS } from './settings.ts';

if (whyNot !== null) console.log(`Terraform's tests are skipped: ${whyNot}`);

const pools = ['chemistry', 'documents'];
const common = { project: 'my-project', database: '(default)', region: 'us-central1', pools };
const ENVIRONMENTS: readonly [string, object, Granted][] = [
  ['dev', SETTINGS, { ...common, prefix: 'slipway-dev', tenants: ['acme', 'lab'], regions: SETTINGS.regions }],
  ['prod', LEAST, { ...common, prefix: 'slipway-prod', tenants: [], regions: LEAST.regions }],
];

(whyNot === null ? describe : describe.skip).each(ENVIRONMENTS)(
  'an apply of %s on a fresh project',
  (name, settings, at) => {
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
    });

    test('gives each function the rights that its grant comes to, and nobody the project', () => {
      expect(grantFaults(resources, at)).toEqual([]);
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
  },
);
