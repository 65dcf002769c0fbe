import { createServer } from 'node:http';

createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    if (request.method === 'GET') return void response.end('ready\n');
    const { input } = JSON.parse(body) as { input: { echo?: unknown } };
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.end(`${JSON.stringify({ output: { echo: input.echo ?? null } })}\n`);
  });
}).listen(Number(process.env['PORT']), '127.0.0.1');
