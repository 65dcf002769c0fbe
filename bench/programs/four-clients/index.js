const functions = require('@google-cloud/functions-framework');
const { Firestore } = require('@google-cloud/firestore');
const { MetricServiceClient } = require('@google-cloud/monitoring');
const { PubSub } = require('@google-cloud/pubsub');
const { JobsClient } = require('@google-cloud/run');
const { grpc, googleAuthLibrary } = require('google-gax');

/** Four clients as most functions have them: loaded and made at the top, whatever is asked for. The stubs are at `…_EMULATOR_HOST`. */
const { FIRESTORE_EMULATOR_HOST, PUBSUB_EMULATOR_HOST, RUN_EMULATOR_HOST, MONITORING_EMULATOR_HOST } = process.env;
const projectId = 'bench';
const authClient = new googleAuthLibrary.PassThroughClient();
const at = (address) => {
  const [apiEndpoint, port] = address.split(':');
  return { projectId, apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure(), authClient };
};
const firestore = new Firestore({ projectId, host: FIRESTORE_EMULATOR_HOST, ssl: false, authClient });
const pubsub = new PubSub({ projectId, apiEndpoint: PUBSUB_EMULATOR_HOST, authClient });
const jobs = new JobsClient(at(RUN_EMULATOR_HOST));
const metrics = new MetricServiceClient(at(MONITORING_EMULATOR_HOST));

functions.http('four', async (request, response) => {
  if (request.path !== '/use') return void response.send('hello');
  await firestore.doc('jobs/one').create({ state: 'queued' });
  await pubsub.topic('nudges', { batching: { maxMessages: 1 } }).publishMessage({ json: { queue: 'one' } });
  await jobs.runJob({ name: 'projects/bench/locations/here/jobs/one' });
  await metrics.createTimeSeries({ name: 'projects/bench', timeSeries: [] });
  response.send('used');
});
