/**
 * What cloud/ calls of Google's APIs, by service. A bundle has these methods, whatever messages they are made of, and the
 * clients that call them; all the rest of Google's packages stays out, which is most of them. A call that is added to cloud/
 * is added here, or it fails in built form: test/build/clients.test.ts runs the adapters' tests on the clients as they are built.
 */
export const CALLED: Readonly<Record<string, readonly string[]>> = {
  'google.firestore.v1.Firestore': ['BatchGetDocuments', 'Commit', 'RunQuery', 'RunAggregationQuery', 'Listen'],
  'google.pubsub.v1.Publisher': ['Publish'],
  'google.cloud.run.v2.Jobs': ['RunJob'],
  'google.cloud.run.v2.Executions': ['GetExecution', 'ListExecutions', 'CancelExecution'],
  'google.monitoring.v3.MetricService': ['CreateTimeSeries'],
  'google.cloud.secretmanager.v1.SecretManagerService': ['AccessSecretVersion'],
  // Nothing of these is called, but clients ask the first for its scopes, and make stubs of the others, when they are made or closed.
  'google.pubsub.v1.Subscriber': [],
  'google.longrunning.Operations': [],
  'google.cloud.location.Locations': [],
  'google.iam.v1.IAMPolicy': [],
};
