import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GPU_MINIMA } from '../../domain/hardware.ts';
import { buildAll } from '../../scripts/build/build.ts';
import { WORKER } from '../../scripts/build/deployables.ts';
import { tempFolder } from '../worker/harness.ts';
import { applied, ROOT, TERRAFORM, whyNot, type Applied } from './applied.ts';
import { SETTINGS } from './settings.ts';

test('Terraform refuses what is less than a GPU needs by the figures of domain/hardware.ts', () => {
  const text = readFileSync(join(TERRAFORM, 'modules/gpu-pool/job.tf'), 'utf8');
  const rows = [...text.matchAll(/^ {4}(nvidia-[\w-]+) += \{ cpu = (\d+), memory_gib = (\d+) \}$/gm)];
  expect(
    Object.fromEntries(rows.map(([, gpu, cpu, memory]) => [gpu, { cpu: Number(cpu), memoryGiB: Number(memory) }])),
  ).toEqual(GPU_MINIMA);
});

(whyNot === null ? describe : describe.skip)('a folder of models with new pools', () => {
  /** What a deploy gives Terraform after a build of these models, where nobody has edited anything. */
  async function deployed(): Promise<Applied[]> {
    const out = tempFolder();
    const modelFolders = [join(ROOT, 'gpu-job/models'), join(import.meta.dirname, 'models')];
    await buildAll({ out, modelFolders, deployables: [WORKER] });
    const pools = JSON.parse(readFileSync(join(out, 'pools.json'), 'utf8')) as object;
    const built = readdirSync(join(out, 'images')).map((pool) => [pool, SETTINGS.images.pools['chemistry']]);
    const images = { ...SETTINGS.images, pools: Object.fromEntries(built) as object };
    return applied(`${TERRAFORM}/envs/dev`, { ...SETTINGS, pools, images });
  }

  interface Job {
    readonly name: string;
    readonly location: string;
    readonly template: readonly [
      {
        readonly template: readonly [
          {
            readonly node_selector: readonly { readonly accelerator: string }[];
            readonly volumes: readonly { readonly gcs: readonly [{ readonly bucket: string }] }[];
          },
        ];
      },
    ];
  }

  test('has a job for each pool in each region, that dispatch may run, on its GPU and with its weights', async () => {
    const resources = await deployed();
    const of = (type: string): Applied['attributes'][] =>
      resources.filter((one) => one.type === type).map(({ attributes }) => attributes);
    const jobs = of('google_cloud_run_v2_job') as unknown as Job[];
    const said = jobs.map(({ name, location, template: [{ template }] }) => {
      const [{ node_selector: gpus, volumes }] = template;
      const words = [...gpus.map((one) => one.accelerator), ...volumes.map(({ gcs: [{ bucket }] }) => bucket)];
      return `${name} in ${location}: ${words.join(' ')}`.trim();
    });
    const pools = [
      'chemistry: ',
      'counting: ',
      'documents: ',
      'embedding: nvidia-rtx-pro-6000',
      'folding: nvidia-l4 example-weights example-references',
    ];
    const wanted = pools.flatMap((pool) =>
      SETTINGS.regions.map((region) => `slipway-dev-${pool.replace(':', ` in ${region}:`)}`.trim()),
    );
    expect(said.sort()).toEqual(wanted.sort());

    const run = of('google_cloud_run_v2_job_iam_member').filter(
      ({ role }) => role === 'roles/run.jobsExecutorWithOverrides',
    );
    expect(run.map(({ name, location }) => `${String(name)} in ${String(location)}`).sort()).toEqual(
      jobs.map(({ name, location }) => `${name} in ${location}`).sort(),
    );
    const worker = `serviceAccount:slipway-dev-gpu-job@${SETTINGS.project}.iam.gserviceaccount.com`;
    const reads = of('google_storage_bucket_iam_member').filter(({ member }) => member === worker);
    expect(reads.map(({ bucket, role }) => `${String(role)} on ${String(bucket)}`).sort()).toEqual([
      'roles/storage.objectViewer on example-references',
      'roles/storage.objectViewer on example-weights',
    ]);
  }, 120_000);
});
