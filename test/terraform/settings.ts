import { FUNCTION_NAMES } from '../../eventarc/routes.ts';

const DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const imageOf = (name: string): string => `us-central1-docker.pkg.dev/my-project/slipway/${name}@sha256:${DIGEST}`;

/** What somebody sets, and what a deploy finds out; with two regions, two tenants, a database elsewhere and whatever else may be set. */
export const SETTINGS = {
  project: 'my-project',
  prefix: 'slipway-dev',
  regions: ['us-central1', 'europe-west4'],
  firestore_database: 'jobs-of-dev',
  firestore_location: 'nam5',
  tenants: {
    acme: {
      publishers: ['serviceAccount:jobs@acme.iam.gserviceaccount.com'],
      subscribers: ['serviceAccount:ends@acme.iam.gserviceaccount.com'],
    },
    lab: {},
  },
  alerts: { emails: ['ops@example.com'] },
  budget: { billing_account: '012345-6789AB-CDEF01', amount_usd: 500 },
  cors_origins: ['https://app.example.com'],
  deployers: ['user:ada@example.com'],
  rejection_readers: ['group:ops@example.com'],
  sign_in: { referrers: ['https://app.example.com/*'] },
  token_audiences: ['https://slipway.example.com'],
  images: {
    functions: Object.fromEntries(FUNCTION_NAMES.map((name) => [name, imageOf(`function-${name}`)])),
    pools: { documents: imageOf('pool-documents'), chemistry: imageOf('pool-chemistry') } as Record<string, string>,
    receiver: imageOf('receiver'),
  },
};

/** The same without what need not be set. */
export const LEAST = {
  project: 'my-project',
  prefix: 'slipway-prod',
  regions: ['us-central1'],
  images: SETTINGS.images,
};
