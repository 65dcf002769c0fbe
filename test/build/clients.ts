/** All that cloud/ imports of clients, as one bundle for the tests of its adapters. */
export { Firestore, FieldPath, Timestamp } from '@google-cloud/firestore';
export { MetricServiceClient } from '@google-cloud/monitoring';
export { PubSub } from '@google-cloud/pubsub';
export { ExecutionsClient, JobsClient } from '@google-cloud/run';
export { SecretManagerServiceClient } from '@google-cloud/secret-manager';
export { Storage } from '@google-cloud/storage';
export { GoogleAuth, OAuth2Client } from 'google-auth-library';
export { googleAuthLibrary, grpc } from 'google-gax';
