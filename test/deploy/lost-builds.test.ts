import { afterAll, describe, expect, test } from '@jest/globals';
import type { Run } from '../../scripts/deploy/commands.ts';
import { removeFolders } from '../local/folder.ts';
import { emptyProject, type CloudState } from './fake-cloud.ts';
import { deployTo, newRepository, runOn, verbsIn, type Deployed } from './rig.ts';

afterAll(() => removeFolders());

interface Told extends Deployed {
  readonly pauses: number[];
  readonly builds: number;
}

/** A first deployment with a way of one's own to answer some commands. */
async function deployWith(answer: (run: Run, state: CloudState) => Run): Promise<Told> {
  const [root, state] = [newRepository(), emptyProject()];
  const pauses: number[] = [];
  const pause = async (ms: number): Promise<void> => void pauses.push(ms);
  const deployed = await deployTo(root, state, { run: answer(runOn(root, state), state), pause });
  return { ...deployed, pauses, builds: verbsIn(state).filter((verb) => verb === 'gcloud builds submit').length };
}

const isList = (args: readonly string[]): boolean => args.slice(0, 2).join(' ') === 'builds list';
const isImages = (args: readonly string[]): boolean => args.slice(0, 3).join(' ') === 'artifacts docker images';
const CRASH = { code: 1, out: '', err: 'ERROR: gcloud crashed (ConnectionError): no route' };

/** Loses sight of the build, which goes on for so many looks, and then has ended so. */
const losing =
  (looks: number, status: string, lost: string, before = async (): Promise<typeof CRASH | null> => null) =>
  (run: Run, state: CloudState): Run => {
    const kept: Pick<CloudState, 'images'> & { steps: CloudState['builds'][number]['steps'] } = {
      images: {},
      steps: [],
    };
    let looked = 0;
    return async (command) => {
      if (isList(command.args)) {
        const blind = await before();
        if (blind !== null) return blind;
        const [build] = state.builds;
        if (build === undefined) throw new Error('there is no build to lose sight of');
        build.status = looked < looks ? (['PENDING', 'QUEUED', 'WORKING'][looked % 3] ?? '') : status;
        if (build.status === 'SUCCESS') [state.images, build.steps] = [kept.images, kept.steps];
        looked += 1;
      }
      const ran = await run(command);
      if (command.args[1] !== 'submit') return ran;
      const [build] = state.builds;
      if (build !== undefined) [kept.steps, build.steps] = [build.steps, []];
      [kept.images, state.images] = [state.images, {}];
      return { code: 1, out: '', err: lost };
    };
  };

describe('a build that gcloud loses sight of', () => {
  test.each([
    ['crashes', CRASH.err],
    ['leaves at PENDING', 'ERROR: (gcloud.builds.submit) build 1 completed with status "PENDING"'],
  ])('where it %s is looked at every 15 s until it has ended, and is deployed', async (_, lost) => {
    const { error, pauses, builds, lines } = await deployWith(losing(3, 'SUCCESS', lost));
    expect([error, pauses, builds]).toEqual([null, [15_000, 15_000, 15_000], 1]);
    expect(lines).toContain('The build goes on, though gcloud no longer watches it: looked at again every 15 s.');
  });

  test('is judged by how it ends', async () => {
    const { error, builds } = await deployWith(losing(1, 'TIMEOUT', CRASH.err));
    expect(error?.message).toMatch(/^Not in the registry after the build: .*\nThe build ended as TIMEOUT, without/);
    expect(builds).toBe(1);
  });

  test('is looked at no longer than it may last', async () => {
    const { error, pauses } = await deployWith(losing(Infinity, '', CRASH.err));
    expect(error?.message).toMatch(/and it goes on: \w+\. Run the same again once it has ended\.\nIts log: gcloud/);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(7_200_000);
  });

  test('is found again though the network is away for a while longer', async () => {
    let blind = 3;
    const before = async () => ((blind -= 1) >= 0 ? CRASH : null);
    const { error, builds } = await deployWith(losing(1, 'SUCCESS', CRASH.err, before));
    expect([error, builds]).toEqual([null, 1]);
  });

  test.each([
    ['stays away', CRASH, 3],
    ['may not be seen', { ...CRASH, err: 'ERROR: (gcloud.builds.list) PERMISSION_DENIED' }, 0],
  ])('and that %s ends it, with what gcloud says', async (_, answer, waits) => {
    const { error, pauses } = await deployWith(losing(1, '', CRASH.err, async () => answer));
    expect(error?.message).toBe(`What became of the build cannot be seen: ${answer.err}`);
    expect(pauses).toHaveLength(waits);
  });
});

describe('a build that Cloud Build does not list', () => {
  const right = 'ERROR: (gcloud.builds.submit) PERMISSION_DENIED: not yet';
  /** The first so many submissions fail so, and the first so many looks after them find this. */
  const failing =
    (err: string, looks: { times: number; code: number; out: string; err: string }) =>
    (run: Run): Run => {
      let [isFailed, left] = [false, looks.times];
      return async (command) => {
        if (command.args[1] === 'submit' && !isFailed) {
          isFailed = true;
          const sent = await run(command);
          return { ...sent, code: 1, err };
        }
        return isList(command.args) && (left -= 1) >= 0 ? looks : run(command);
      };
    };

  test('since who may not build may not look either is sent again', async () => {
    const { error, pauses } = await deployWith((run) => {
      let isRefused = true;
      return async (command) => {
        if (command.args[1] === 'submit' && isRefused) return { code: 1, out: '', err: right };
        if (!isList(command.args) || !isRefused) return run(command);
        isRefused = false;
        return { code: 1, out: '', err: 'ERROR: (gcloud.builds.list) PERMISSION_DENIED' };
      };
    });
    expect([error, pauses]).toEqual([null, [30_000]]);
  });

  test('at once, after gcloud broke down, is looked for once more', async () => {
    const none = { times: 1, code: 0, out: '[]', err: '' };
    const { error, pauses, builds } = await deployWith(failing(CRASH.err, none));
    expect([error, pauses, builds]).toEqual([null, [15_000], 1]);
  });

  test('then either was never made', async () => {
    const none = { times: 2, code: 0, out: '[]', err: '' };
    const { error, builds } = await deployWith(failing(CRASH.err, none));
    expect(error?.message).toMatch(/\nCloud Build did not take the build:\nERROR: gcloud crashed/);
    expect(builds).toBe(1);
  });
});

describe('images that the build has pushed, and the registry does not list', () => {
  const hiding =
    (lists: number) =>
    (run: Run): Run => {
      let left = 0;
      return (command) => {
        if (command.args[1] === 'submit') left = lists;
        if (isImages(command.args) && left > 0) {
          left -= 1;
          return Promise.resolve({ code: 0, out: '[]', err: '' });
        }
        return run(command);
      };
    };

  test('are listed again, up to three times 10 s apart', async () => {
    const { error, pauses, builds } = await deployWith(hiding(3));
    expect([error, pauses, builds]).toEqual([null, [10_000, 10_000, 10_000], 1]);
  });

  test('are built no second time: build and registry disagree', async () => {
    const { error, pauses, builds } = await deployWith(hiding(Infinity));
    expect(error?.message).toMatch(
      /^Not in the registry after the build: function-api, .*\nBuild and registry disagree: .* pushed function-api, .* Run the same again .*\nIts log: /,
    );
    expect([pauses.length, builds]).toEqual([3, 1]);
  });

  test('and a registry that is not there after the build is said to be absent', async () => {
    const err = 'ERROR: (gcloud.artifacts.docker.images.list) NOT_FOUND: Requested entity was not found.';
    let isBuilt = false;
    const { error, builds } = await deployWith((run) => (command) => {
      isBuilt ||= command.args[1] === 'submit';
      return isBuilt && isImages(command.args) ? Promise.resolve({ code: 1, out: '', err }) : run(command);
    });
    expect(error?.message).toBe(
      `There is no registry us-central1-docker.pkg.dev/my-project/slipway-dev, though images were just built for it:\n${err}`,
    );
    expect(builds).toBe(1);
  });
});
