import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { answer, type CloudState } from './fake-cloud.ts';

/** The stand-in as a program: `node stand-in.ts gcloud ...`, its project in the file STAND_IN_STATE. */
const [program = '', ...args] = process.argv.slice(2);
const file = process.env['STAND_IN_STATE'] ?? '';
const state = JSON.parse(readFileSync(file, 'utf8')) as CloudState;
const { code, out, err } = answer(state, process.cwd(), program, args);
const line = [program, ...args].join(' ');
const held = process.env['STAND_IN_HOLD'];
if (held !== undefined && line.includes(held)) {
  // As Terraform does: told once it comes to its end, told twice it drops everything.
  let told = 0;
  process.on('SIGINT', () => {
    told += 1;
    if (told === 1) setTimeout(() => end(`told ${told} time(s)`), 1_500);
  });
  console.log('held');
  setInterval(() => undefined, 60_000);
  const end = (call: string): never => {
    const now = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as CloudState) : state;
    now.calls.push(call);
    writeFileSync(file, JSON.stringify(now));
    process.exit(1);
  };
} else {
  writeFileSync(file, JSON.stringify(state));
  process.stdout.write(out);
  process.stderr.write(err);
  process.exitCode = code;
}
