import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { jsonLog } from '../../host/log.ts';
import { startStack } from '../../local/stack.ts';

/** What the models that are made for it do: wait, as a GPU would, so that the machine's cores are left to what is measured. */
const MODELS = [
  { name: 'load-quick', ms: 5, workers: 1 },
  { name: 'load-short', ms: 50, workers: 2 },
  { name: 'load-long', ms: 500, workers: 2 },
] as const;

const SERVER = `import { createServer } from 'node:http';
const ms = Number(process.argv[2]);
createServer((request, response) => {
  request.resume();
  if (request.method === 'GET') return void response.end('ready\\n');
  setTimeout(() => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.end(\`\${JSON.stringify({ output: { waitedMs: ms } })}\\n\`);
  }, ms);
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

export interface Target {
  readonly url: string;
  readonly key: string;
  /** What it logged as an error, where that can be seen. */
  readonly errors: readonly string[];
  stop(): Promise<void>;
}

/** A whole Slipway on this machine, with one model for each length of job. */
export async function startHere(folder: string): Promise<Target> {
  const models = join(folder, 'models');
  for (const { name, ms } of MODELS) {
    await mkdir(join(models, name), { recursive: true });
    await writeFile(join(models, name, 'server.mjs'), SERVER);
    const model = {
      name,
      title: `Waits ${ms} ms`,
      description: 'For load tests.',
      pool: name,
      runner: { kind: 'server', program: 'node', args: ['server.mjs', String(ms)] },
      input: { type: 'object', additionalProperties: false },
      output: { type: 'object' },
      expected: { bootSeconds: 1, runSeconds: ms / 1_000 },
    };
    await writeFile(join(models, name, 'model.yaml'), stringify(model));
  }
  const pools = MODELS.map(({ name, workers }) => ({ name, max: workers, idleTimeoutSeconds: 30 }));
  await writeFile(join(models, 'pools.yaml'), stringify(pools));
  const errors: string[] = [];
  const log = jsonLog((line) => {
    if (line.includes('"severity":"ERROR"')) errors.push(line);
  });
  const stack = await startStack({ dataFolder: join(folder, 'data'), port: 0, modelFolders: [models], log });
  return { url: stack.url, key: stack.apiKey, errors, stop: () => stack.stop() };
}
