import { createServer, type AddressInfo } from 'node:net';
import { spawnGuarded } from '../host/child.ts';
import { readLines } from '../host/lines.ts';
import { installedEmulators, type EmulatorName } from './installed.ts';
import { startRelay } from './relay.ts';

/** Google's emulators, each at `host:port`. */
export interface Emulators {
  readonly firestore: string;
  readonly pubsub: string;
  /** Ends those that were started here, and no others. Idempotent. */
  stop(): Promise<void>;
}

const READY: Readonly<Record<EmulatorName, RegExp>> = {
  firestore: /Dev App Server is now running/,
  pubsub: /Server started, listening on/,
};
/** Thrown where an emulator that is installed does not start; the message has its last lines. */
export class EmulatorStartError extends Error {
  override readonly name = 'EmulatorStartError';
}

const READY_WITHIN_MS = 60_000;
const LAST_LINES = 10;

/** Of this process's environment, what a Java program needs. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'JAVA', 'JAVA_HOME', 'JAVA_OPTS'];

/**
 * The emulators that the environment names (`FIRESTORE_EMULATOR_HOST`, `PUBSUB_EMULATOR_HOST`), and for each that it does not
 * name one that is started here, on 127.0.0.1, and ends with this process however that ends.
 * @throws EmulatorsMissingError, EmulatorStartError
 */
export async function useEmulators(env: Readonly<Record<string, string | undefined>>): Promise<Emulators> {
  const given = { firestore: env['FIRESTORE_EMULATOR_HOST'], pubsub: env['PUBSUB_EMULATOR_HOST'] };
  const wanted = (['firestore', 'pubsub'] as const).filter((name) => (given[name] ?? '') === '');
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.splice(0).map((one) => one()));
  };
  if (wanted.length === 0) return { firestore: given.firestore ?? '', pubsub: given.pubsub ?? '', stop };
  try {
    const programs = await installedEmulators(wanted);
    // All of them, so that when one fails none is left starting.
    const started = await Promise.allSettled(
      wanted.map(async (name) => {
        const extra: string[] = [];
        if (name === 'firestore') {
          const relay = await startRelay();
          stops.push(() => relay.stop());
          extra.push(`--functions_emulator=${relay.address}`);
        }
        const emulator = await startEmulator(name, programs.get(name) ?? '', extra, env);
        stops.push(() => emulator.stop());
        return [name, emulator.address] as const;
      }),
    );
    const at = new Map<EmulatorName, string>();
    for (const one of started) {
      if (one.status === 'rejected') throw one.reason;
      at.set(...one.value);
    }
    return {
      firestore: at.get('firestore') ?? given.firestore ?? '',
      pubsub: at.get('pubsub') ?? given.pubsub ?? '',
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startEmulator(
  name: EmulatorName,
  program: string,
  extra: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const port = await freePort();
  const args = [...(name === 'firestore' ? ['start'] : []), '--host=127.0.0.1', `--port=${port}`, ...extra];
  const kept = INHERITED.flatMap((key) => (env[key] === undefined ? [] : [[key, env[key]] as const]));
  const child = spawnGuarded(program, args, { cwd: '/', env: Object.fromEntries(kept) });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child.exited;
  };
  const last: string[] = [];
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    readLines(stream, 2_000, (line) => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
      if (READY[name].test(line)) ready.resolve();
    });
  }
  const failed = (why: string): void => {
    const said = last.map((line) => `  ${line}\n`).join('');
    ready.reject(
      new EmulatorStartError(`The ${name} emulator ${why}:\n${said}Is this Java recent enough: java -version?`),
    );
  };
  const timer = setTimeout(() => failed(`was not ready after ${READY_WITHIN_MS / 1_000} s`), READY_WITHIN_MS);
  void child.exited.then(({ code }) => failed(`ended with ${code} at its start`));
  try {
    await ready.promise;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { address: `127.0.0.1:${port}`, stop };
}

/** A port that nobody listened on a moment ago: the emulators cannot be told to take any. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
