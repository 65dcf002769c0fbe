import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './bundle.ts';
import { openToAll } from './modes.ts';

/** Below `out`: the Docker context of the receiver that smoke has webhooks sent to. */
export const RECEIVER_FOLDER = 'receiver';

/** Builds the receiver into a folder of one program and its Dockerfile. @throws esbuild's BuildFailure */
export async function buildReceiver(out: string): Promise<void> {
  const folder = join(out, RECEIVER_FOLDER);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [join(ROOT, 'scripts/smoke/receiver-main.ts')],
    outfile: join(folder, 'main.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'silent',
  });
  await cp(join(ROOT, 'scripts/smoke/Dockerfile'), join(folder, 'Dockerfile'));
  await openToAll(folder);
}
