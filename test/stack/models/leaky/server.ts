import { createServer } from 'node:http';

interface Input {
  readonly token: string;
  readonly login?: { readonly user?: string; readonly password?: string };
  readonly how?: 'done' | 'error' | 'exit' | 'crash';
}

console.log('leaky: loading weights');
console.error('leaky: weights are loaded');

createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    if (request.method === 'GET') return void response.end('ready\n');
    const { input } = JSON.parse(body) as { input: Input };
    const { token, login, how = 'done' } = input;
    const said = `${token} and ${login?.password ?? 'none'}`;
    console.log(`stdout ${said}`);
    console.error(`stderr ${JSON.stringify(input)} at https://example.com/?key=${encodeURIComponent(token)}`);
    const line = (value: object): void => void response.write(`${JSON.stringify(value)}\n`);
    if (how === 'crash') return void response.writeHead(500).end(`broke over ${said}`);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    line({ progress: { fraction: 0.5, message: `with ${said}` } });
    line({ metric: { name: token.slice(0, 100), value: 1 } });
    line({ log: `log ${said}` });
    if (how === 'exit') return void setTimeout(() => process.exit(3), 50);
    if (how === 'error') line({ error: { kind: 'model_error', message: `failed with ${said}` } });
    else line({ output: { length: token.length, echo: [said], [token]: true } });
    response.end();
  });
}).listen(Number(process.env['PORT']), '127.0.0.1');
