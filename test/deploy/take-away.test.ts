import { afterAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolders } from '../local/folder.ts';
import { emptyProject } from './fake-cloud.ts';
import { BUILT, deployedOnce, deployTo, newRepository, takenAway, verbsIn, verbsShown } from './rig.ts';

afterAll(() => removeFolders());

describe('a deployment', () => {
  test.each(['google_cloud_run_v2_job', 'google_firestore_database', 'google_storage_bucket', 'google_pubsub_topic'])(
    'that would take away a %s names it, and where nobody is asked needs a word for it',
    async (type) => {
      const { root, state } = await deployedOnce();
      writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, 'functions/api/main.mjs': '// better' }));
      state.changes = [{ address: 'module.slipway.that', type, change: { actions: ['delete'], before: {} } }];
      state.registry = true;
      const refused = await deployTo(root, state);
      expect(refused.error?.message).toMatch(
        /^This plan was not applied: .* --allow-destroy.* models .*SLIPWAY_MODELS\./,
      );
      expect(refused.lines.join('\n')).toContain(
        'goes with them, or who uses them finds nothing: module.slipway.that.',
      );
      const [applied, calls] = [state.applied, state.calls.length];
      expect((await deployTo(root, state, { planOnly: true })).error).toBeNull();
      expect([state.applied, state.calls.length > calls]).toEqual([applied, true]);
      expect((await deployTo(root, state, { allowDestroy: true })).error).toBeNull();
      state.applied = applied;
      expect((await deployTo(root, state, { ask: async () => 'my-project' })).error).toBeNull();
    },
  );
});

describe('a deployment where nobody is asked', () => {
  const planWith = async (type: string, actions: readonly string[], more: object = {}) => {
    const { root, state } = await deployedOnce();
    writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, 'functions/api/main.mjs': '// better' }));
    state.changes = [{ address: 'module.slipway.that', type, change: { actions, before: {} }, ...more }];
    return { root, state };
  };

  test.each(['google_monitoring_alert_policy', 'google_billing_budget', 'google_pubsub_topic_iam_member'])(
    'takes away no %s that is not made anew, names it, and does with a word for it',
    async (type) => {
      const { root, state } = await planWith(type, ['delete']);
      const before = state.applied;
      const { error } = await deployTo(root, state);
      expect(error?.message).toMatch(
        /^This plan was not applied: without a question that needs --allow-destroy, since it would go: module\.slipway\.that\. .*terraform\.tfvars\.json.*\(alerts, /,
      );
      expect(state.applied).toBe(before);
      expect((await deployTo(root, state, { planOnly: true })).error).toBeNull();
      expect((await deployTo(root, state, { allowDestroy: true })).error).toBeNull();
      expect(state.applied).not.toBe(before);
    },
  );

  test.each<[string, string[], object]>([
    ['made anew', ['delete', 'create'], {}],
    ['made anew before', ['create', 'delete'], {}],
    ['no longer known, and left', ['forget'], {}],
    ['what is left of one that was made anew', ['delete'], { deposed: '00000000' }],
  ])('is not refused for what is %s', async (_, actions, more) => {
    const { root, state } = await planWith('google_monitoring_alert_policy', actions, more);
    expect((await deployTo(root, state)).error).toBeNull();
  });

  test.each(['terraform_data', 'time_sleep'])('is not refused for a %s, which nothing stands behind', async (type) => {
    const { root, state } = await planWith(type, ['delete']);
    expect((await deployTo(root, state)).error).toBeNull();
  });

  test('a person sees what goes before the question', async () => {
    const { root, state } = await planWith('google_billing_budget', ['delete']);
    let said: readonly string[] = [];
    const lines: string[] = [];
    const { error } = await deployTo(root, state, {
      say: (line) => lines.push(line),
      ask: async () => ((said = [...lines]), 'my-project'),
    });
    expect([error, said.includes('  destroy  module.slipway.that')]).toEqual([null, true]);
  });
});

describe('taking it away', () => {
  const LAST = [
    'terraform init',
    'terraform state',
    'terraform state',
    'terraform plan -destroy',
    'terraform show',
    'terraform apply',
  ];

  test('leaves the APIs, and needs nothing that an earlier deployment has left on this machine', async () => {
    const state = emptyProject();
    await deployTo(newRepository(), state);
    state.calls = [];
    const { error, lines } = await takenAway(newRepository(), state);
    expect(error).toBeNull();
    expect(verbsIn(state).slice(6)).toEqual(['gcloud storage buckets describe', ...LAST]);
    expect(state.calls).toContain(
      'terraform -chdir=terraform/envs/dev state rm -lock-timeout=60s module.slipway.module.project',
    );
    expect(state).toMatchObject({ registry: false, applied: null, known: [], bucket: 'versioned' });
    expect(lines.at(-1)).toMatch(/^\nIt is gone/);
  });

  test('is done by the commands that docs/deploy.md has, in their order', () => {
    const doc = readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8');
    expect(verbsShown(doc, 'Taking it away')).toEqual(['gcloud storage buckets describe', ...LAST]);
  });

  test('a second time, and where nothing ever was, does nothing', async () => {
    const [root, state] = [newRepository(), emptyProject()];
    expect((await takenAway(root, state)).lines.at(-1)).toMatch(/nothing to take away/);
    await deployTo(root, state);
    await takenAway(root, state);
    state.calls = [];
    expect((await takenAway(root, state)).error).toBeNull();
    expect(verbsIn(state)).not.toContain('terraform apply');
  });

  test('asks for the project, and destroys nothing for another answer', async () => {
    const [root, state] = [newRepository(), emptyProject()];
    await deployTo(root, state);
    const questions: string[] = [];
    const ask = async (question: string): Promise<string> => (questions.push(question), 'no');
    expect((await takenAway(root, state, { ask })).error?.message).toBe(
      'That is not "my-project": nothing was destroyed.',
    );
    expect(questions).toEqual(["Destroy this in project my-project? Type the project's id to go on: "]);
    expect(state.registry).toBe(true);
  });

  test('with --plan-only changes nothing, the state neither', async () => {
    const [root, state] = [newRepository(), emptyProject()];
    await deployTo(root, state);
    const known = [...state.known];
    expect((await takenAway(root, state, { planOnly: true })).error).toBeNull();
    expect([state.known, state.registry]).toEqual([known, true]);
  });

  test.each([
    ['google_firestore_database', { delete_protection_state: 'DELETE_PROTECTION_ENABLED' }],
    ['google_secret_manager_secret', { deletion_protection: true }],
  ])('of a protected environment is refused for its %s, before anything of it is gone', async (type, before) => {
    const [root, state] = [newRepository(), emptyProject()];
    await deployTo(root, state);
    state.changes = [{ address: 'module.slipway.kept', type, change: { actions: ['delete'], before } }];
    const { error } = await takenAway(root, state);
    expect(error?.message).toMatch(
      /^dev is protected, .*: module\.slipway\.kept\.\nSet protected = false in terraform\/envs\/dev\/environment\.tf/,
    );
    expect(state.registry).toBe(true);
  });
});
