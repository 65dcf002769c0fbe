import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { firebaseTokens } from '../../cloud/client-tokens.ts';
import type { ClientToken, ClientTokens } from '../../domain/ports.ts';
import { HOUR } from '../../domain/time.ts';
import { newAccount } from '../../emulators/account.ts';
import { startMetadataServer, type MetadataServer } from '../../emulators/metadata-server.ts';
import { T0 } from '../domain/make-job.ts';
import { manualClock } from '../local/manual-clock.ts';

const account = newAccount('api@test.iam.gserviceaccount.com');
const stranger = newAccount(account.email);
/** Not a whole second: a token's times are. */
const clock = manualClock(T0 + 250);
const at = { projectId: 'test', databaseId: 'jobs', clock };

const decoded = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

function describeTokens(how: string, open: () => Promise<ClientTokens>): void {
  describe(how, () => {
    let made: ClientToken;
    let parts: string[];
    beforeAll(async () => {
      const answer = await (await open()).make('acme');
      if (answer === null) throw new Error('no token');
      made = answer;
      parts = made.token.split('.');
    });

    test('is a JWT that the account itself has signed', () => {
      expect(parts).toHaveLength(3);
      expect(decoded(parts[0])).toEqual({ alg: 'RS256', typ: 'JWT' });
      const [signed, signature] = [Buffer.from(`${parts[0]}.${parts[1]}`), Buffer.from(parts[2] ?? '', 'base64url')];
      expect(account.verify(signed, signature)).toBe(true);
      expect(stranger.verify(signed, signature)).toBe(false);
      expect(made.token).toMatch(/^[\w.-]+$/);
    });

    test('says whose it is, what for, and that it ends in an hour, with every sign-in made with it', () => {
      const issued = T0 / 1_000;
      expect(decoded(parts[1])).toEqual({
        iss: account.email,
        sub: account.email,
        aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
        iat: issued,
        exp: issued + 3_600,
        uid: 'tenant:acme',
        claims: { tenant: 'acme', untilMs: T0 + HOUR },
      });
      expect(made).toMatchObject({ expiresAtMs: T0 + HOUR, projectId: 'test', databaseId: 'jobs' });
    });
  });
}

describeTokens('a custom token, signed with a key at hand', async () =>
  firebaseTokens({ ...at, endpoints: {}, signer: account }),
);

describe('a custom token, as in production: the account is the metadata server’s, the IAM API signs', () => {
  let metadata: MetadataServer;
  beforeAll(async () => {
    metadata = await startMetadataServer('test', account);
    process.env['GCE_METADATA_HOST'] = metadata.host;
  });
  afterAll(async () => {
    await metadata.stop();
    delete process.env['GCE_METADATA_HOST'];
  });

  const open = async (): Promise<ClientTokens> =>
    firebaseTokens({ ...at, endpoints: { iamCredentials: metadata.url } });
  describeTokens('signBlob', open);

  test('is not made where the account may not sign', async () => {
    const elsewhere = `${metadata.url}/of-another-account`;
    const tokens = firebaseTokens({ ...at, endpoints: { iamCredentials: elsewhere } });
    await expect(tokens.make('acme')).rejects.toThrow(/403/);
  });
});
