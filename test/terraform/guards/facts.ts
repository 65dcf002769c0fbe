import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GRANTS } from '../../../eventarc/grants.ts';
import { FUNCTION_NAMES } from '../../../eventarc/routes.ts';
import { bucketRetention } from '../../../scripts/generate/bucket-retention.ts';
import { privateRanges, webhookPorts } from '../../../scripts/generate/egress-rules.ts';
import { ROOT, type Applied } from '../applied.ts';
import { all, containerOf, first, lastOf, ofType } from './resources.ts';
import type { Deployment } from './routes.ts';

/** What an environment and its settings say of a deployment, beside what the code says. */
export interface Facts extends Deployment {
  readonly isProtected: boolean;
  readonly corsOrigins: readonly string[];
  readonly images: Readonly<Record<string, string>>;
}

/** One thing that the root hands down to its modules: what is, and what must be. */
type Fact = readonly [what: string, is: unknown, mustBe: unknown];

/**
 * Whether what is decided at the top arrives at the bottom: as whom and of which image functions run, whose way out leads through
 * the firewall and what that refuses, what is protected, kept and deleted.
 * @returns a line for each fact that is otherwise
 */
export function factFaults(resources: readonly Applied[], at: Facts): string[] {
  return [...functionFacts(resources, at), ...storeFacts(resources, at), ...firewallFacts(resources)]
    .filter(([, is, mustBe]) => JSON.stringify(is) !== JSON.stringify(mustBe))
    .map(([what, is, mustBe]) => `${what} is ${JSON.stringify(is)}, and must be ${JSON.stringify(mustBe)}`);
}

function functionFacts(resources: readonly Applied[], { prefix, project, images }: Facts): Fact[] {
  const services = new Map(
    ofType(resources, 'google_cloud_run_v2_service').map((service) => [service['name'], service]),
  );
  return FUNCTION_NAMES.flatMap((name): Fact[] => {
    const service = services.get(`${prefix}-${name}`);
    const template = first(service?.['template']);
    // Of the service, and of its revision.
    const idle = [service?.['scaling'], template['scaling']].map((one) => first(one)['min_instance_count']);
    const ways = all(template['vpc_access']).map(({ egress, network_interfaces: via }) => [
      egress,
      lastOf(first(via)['subnetwork']),
    ]);
    const probes = all(containerOf(template)['startup_probe'])
      .flatMap((probe) => all(probe['http_get']))
      .map(({ path }) => path);
    return [
      [`the account of ${name}`, template['service_account'], `${prefix}-${name}@${project}.iam.gserviceaccount.com`],
      [`the image of ${name}`, containerOf(template)['image'], images[name]],
      [`the way out of ${name}`, ways, GRANTS[name].egress ? [['ALL_TRAFFIC', `${prefix}-egress`]] : []],
      [`the start path of ${name}`, probes, GRANTS[name].egress ? ['/startup'] : []],
      [`the idle instances of ${name}`, idle, [0, 0]],
    ];
  });
}

function storeFacts(resources: readonly Applied[], at: Facts): Fact[] {
  const [database = {}] = ofType(resources, 'google_firestore_database');
  const files = ofType(resources, 'google_storage_bucket').find(({ name }) => String(name).endsWith('-files')) ?? {};
  const rules = ofType(resources, 'google_firebaserules_ruleset').map(
    ({ source }) => first(first(source)['files'])['content'],
  );
  const deletions = all(files['lifecycle_rule'])
    .filter(({ action }) => first(action)['type'] === 'Delete')
    .map(({ condition }) => [
      first(condition)['age'],
      (first(condition)['matches_prefix'] as string[] | null)?.[0] ?? null,
    ])
    .sort();
  const kept = (Object.values(bucketRetention()) as { readonly days: number; readonly prefix?: string }[])
    .map(({ days, prefix = null }) => [days, prefix])
    .sort();
  const word = (isOn: boolean): string => (isOn ? 'ENABLED' : 'DISABLED');
  return [
    ['the database', database['name'], at.database],
    ['its location', database['location_id'], at.databaseLocation],
    ['its protection', database['delete_protection_state'], `DELETE_PROTECTION_${word(at.isProtected)}`],
    ['its end', database['deletion_policy'], at.isProtected ? 'ABANDON' : 'DELETE'],
    ['its past', database['point_in_time_recovery_enablement'], `POINT_IN_TIME_RECOVERY_${word(at.isProtected)}`],
    ['its rules', rules, [readFileSync(join(ROOT, 'firestore.rules'), 'utf8')]],
    ['the bucket’s end', files['force_destroy'], !at.isProtected],
    ['what the bucket deletes', deletions, kept],
    ['the bucket’s pages', all(files['cors']).flatMap(({ origin }) => origin as string[]), at.corsOrigins],
    ...ofType(resources, 'google_secret_manager_secret').map((secret): Fact => [
      `the protection of ${String(secret['secret_id'])}`,
      secret['deletion_protection'],
      at.isProtected,
    ]),
  ];
}

function firewallFacts(resources: readonly Applied[]): Fact[] {
  const rules = ofType(resources, 'google_compute_firewall').toSorted(
    (a, b) => Number(a['priority']) - Number(b['priority']),
  );
  const [denied = {}, allowed = {}, rest = {}] = rules;
  return [
    [
      'what the firewall denies first',
      (denied['destination_ranges'] as string[]).toSorted(),
      Object.keys(privateRanges()).sort(),
    ],
    ['by what protocols', all(denied['deny']).map(({ protocol }) => protocol), ['all']],
    [
      'what it allows then',
      all(allowed['allow']).map(({ protocol, ports }) => [protocol, ports]),
      [['tcp', webhookPorts()]],
    ],
    ['and of the rest', all(rest['deny']).map(({ protocol }) => protocol), ['all']],
    ['its directions', rules.map(({ direction }) => direction), ['EGRESS', 'EGRESS', 'EGRESS']],
  ];
}
