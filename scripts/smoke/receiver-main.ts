import { createReceiver } from './receiver.ts';

/** The receiver in its container: Cloud Run says the port. */
const server = createReceiver();
server.listen(Number(process.env['PORT'] ?? 8080), process.env['HOST'] ?? '0.0.0.0', () => {
  const address = server.address();
  console.log(`listening on ${typeof address === 'object' && address !== null ? address.port : address}`);
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
