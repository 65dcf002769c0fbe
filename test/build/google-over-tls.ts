import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { startGoogleStubs } from '../../bench/google-stubs.ts';
import { tempFolder } from '../worker/harness.ts';

export interface GoogleOverTls {
  /** Beside what Google and the deployment give: how a process finds these servers by Google's own names, and trusts them. */
  readonly env: Readonly<Record<string, string>>;
  /** Of each call its method and whose token it showed, in their order. */
  readonly heard: readonly { readonly call: string; readonly authorization: string }[];
  stop(): Promise<void>;
}

/** Google's APIs at their own names over TLS, in a process that can reach nothing but this: a proxy leads their names here. */
export async function startGoogleOverTls(): Promise<GoogleOverTls> {
  const folder = tempFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const named = ['-subj', '/CN=test', '-addext', 'subjectAltName=DNS:*.googleapis.com'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...named];
  execFileSync('openssl', made, { stdio: 'ignore' });
  const pair = { private_key: readFileSync(key), cert_chain: readFileSync(cert) };
  const heard: { call: string; authorization: string }[] = [];
  const stubs = await startGoogleStubs({
    credentials: ServerCredentials.createSsl(null, [pair]),
    onCall: (call, metadata) => heard.push({ call, authorization: String(metadata.get('authorization')[0]) }),
  });
  const addresses = new Map([
    ['firestore.googleapis.com:443', stubs.env['FIRESTORE_EMULATOR_HOST']],
    ['pubsub.googleapis.com:443', stubs.env['PUBSUB_EMULATOR_HOST']],
  ]);

  const sockets = new Set<Socket>();
  const proxy = createServer().on('connect', ({ url = '' }, socket: Socket, head: Buffer) => {
    const [host = '', port = ''] = (addresses.get(url) ?? '').split(':');
    if (host === '') return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    const there = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      there.write(head);
      there.pipe(socket).pipe(there);
    });
    for (const one of [socket, there]) {
      sockets.add(one);
      one.on('error', () => undefined).once('close', () => sockets.delete(one));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    env: {
      grpc_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NODE_EXTRA_CA_CERTS: cert,
    },
    heard,
    stop: async () => {
      stubs.stop();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
