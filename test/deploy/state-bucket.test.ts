import { afterAll, describe, expect, test } from '@jest/globals';
import { removeFolders } from '../local/folder.ts';
import { emptyProject, PROJECT_NUMBER } from './fake-cloud.ts';
import { deployTo, newRepository, takenAway, verbsIn } from './rig.ts';

afterAll(() => removeFolders());

const BUCKET = 'gs://my-project-slipway-dev-state';

describe('a bucket of the name of the state that is of another project', () => {
  test.each([
    ['deployment', deployTo],
    ['taking away', takenAway],
  ])('ends a %s before anything is written or read there, with whose it is and what to do', async (_, flow) => {
    const state = { ...emptyProject(), bucket: 'made' as const, bucketOwner: '666' };
    const { error } = await flow(newRepository(), state);
    expect(error?.message).toBe(
      `The bucket of Terraform's state, ${BUCKET}, is another's: it is of the project with the number 666, and my-project has ` +
        `${PROJECT_NUMBER}. Anybody may take such a name. Choose another prefix in terraform/envs/dev/terraform.tfvars.json.`,
    );
    expect(verbsIn(state).at(-1)).toBe('gcloud storage buckets describe');
  });

  test('ends it too where the bucket does not say whose it is', async () => {
    const state = { ...emptyProject(), bucket: 'made' as const, bucketOwner: '' };
    expect((await deployTo(newRepository(), state)).error?.message).toMatch(/is another's: it does not say/);
  });

  test('is said to be possible where it cannot be seen', async () => {
    const state = emptyProject();
    state.faults.push({ begins: 'gcloud storage buckets describe', err: 'ERROR: HTTPError 403: no', times: 1 });
    expect((await deployTo(newRepository(), state)).error?.message).toMatch(
      /cannot be seen\. It is another's \(then choose another prefix in terraform\/envs\/dev\/terraform\.tfvars\.json\), or you need roles/,
    );
  });
});

test('a bucket that keeps its versions already is not changed', async () => {
  const state = { ...emptyProject(), bucket: 'versioned' as const };
  expect((await deployTo(newRepository(), state)).error).toBeNull();
  expect(verbsIn(state)).not.toContain('gcloud storage buckets update');
});

describe('a bucket of the state', () => {
  test.each([
    'ERROR: gcloud crashed (TransportError): Host not found: storage.googleapis.com',
    'ERROR: (gcloud.storage.buckets.describe) gs://another not found: 404.',
    'ERROR: (gcloud.storage.buckets.describe) HTTPError 404: a page of a proxy',
  ])('is not taken for missing by %j', async (err) => {
    const [root, state] = [newRepository(), emptyProject()];
    state.faults.push({ begins: 'gcloud storage buckets describe', err, times: 1 });
    const { error, lines } = await takenAway(root, state);
    expect(error?.message).toContain(err);
    expect(lines.join('\n')).not.toContain('nothing to take away');
  });
});
