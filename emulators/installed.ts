import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type EmulatorName = 'firestore' | 'pubsub';

/** The program of each emulator, below the root of the Google Cloud CLI, and what installs it. */
const PROGRAMS: Readonly<Record<EmulatorName, { readonly path: string; readonly component: string }>> = {
  firestore: {
    path: 'platform/cloud-firestore-emulator/cloud_firestore_emulator',
    component: 'cloud-firestore-emulator',
  },
  pubsub: { path: 'platform/pubsub-emulator/bin/cloud-pubsub-emulator', component: 'pubsub-emulator' },
};

/** Thrown where an emulator cannot be started for want of a program; the message names what to install. */
export class EmulatorsMissingError extends Error {
  override readonly name = 'EmulatorsMissingError';
}

/**
 * Where the launchers of these emulators are. They are started directly: `gcloud` itself would want a login.
 * @throws EmulatorsMissingError naming everything that is missing, with the command that installs it
 */
export async function installedEmulators(names: readonly EmulatorName[]): Promise<ReadonlyMap<EmulatorName, string>> {
  const missing: string[] = [];
  const hasJava = await run('java', ['-version']).then(
    () => true,
    () => false,
  );
  if (!hasJava) missing.push('Java, which both emulators run on:\n      apt-get install default-jre-headless');
  const root = await sdkRoot();
  if (root === null) {
    missing.push(
      'the Google Cloud CLI (no login and no project is needed):\n      https://cloud.google.com/sdk/docs/install',
    );
  }
  const programs = new Map<EmulatorName, string>();
  for (const name of names) {
    const { path, component } = PROGRAMS[name];
    const program = root === null ? null : join(root, path);
    if (program !== null && (await isExecutable(program))) programs.set(name, program);
    else
      missing.push(
        `the emulator ${component}, by one of\n      gcloud components install ${component}\n      apt-get install google-cloud-cli-${debianName(component)}`,
      );
  }
  if (missing.length > 0) {
    throw new EmulatorsMissingError(
      `Google's emulators cannot be started here. Missing:\n${missing.map((one) => `  - ${one}`).join('\n')}`,
    );
  }
  return programs;
}

const debianName = (component: string): string => component.replace(/^cloud-/, '');

/** Null where there is no Google Cloud CLI. */
async function sdkRoot(): Promise<string | null> {
  try {
    const { stdout } = await run('gcloud', ['info', '--format=value(installation.sdk_root)']);
    return stdout.trim() === '' ? null : stdout.trim();
  } catch {
    return null;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
