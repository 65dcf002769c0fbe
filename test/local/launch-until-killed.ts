import { systemClock } from '../../host/clock.ts';
import { jsonLog } from '../../host/log.ts';
import { systemRandom } from '../../host/random.ts';
import { processLauncher } from '../../local/launcher.ts';
import { aLaunch } from '../ports/launch-request.ts';

/** A program for tests: launches one worker, the script it is given, and logs to stdout until it is killed. */
const [script = ''] = process.argv.slice(2);
const launcher = processLauncher({
  program: [process.execPath, script],
  cwd: import.meta.dirname,
  bootId: 'boot',
  door: () => ({ url: 'http://127.0.0.1:9/', token: '' }),
  aliveSinceMs: 0,
  allowLoopback: false,
  clock: systemClock,
  random: systemRandom,
  log: jsonLog((line) => console.log(line)),
});
await launcher.launch(aLaunch());
setInterval(() => undefined, 1_000_000);
