import type { GoogleAuth } from 'google-auth-library';
import type { Endpoints } from './endpoints.ts';

/** A service account whose key is at hand. In production there is none, and the IAM Credentials API signs for a function's own account. */
export interface LocalSigner {
  readonly email: string;
  /** RSA-SHA256 (PKCS #1 v1.5). */
  sign(bytes: Uint8Array): Buffer;
}

/** The account that this process runs as, or the local one in its place. */
export async function accountAuth(signer: LocalSigner | undefined): Promise<GoogleAuth> {
  const { GoogleAuth: Auth } = await import('google-auth-library');
  if (signer === undefined) return new Auth();
  return Object.assign(new Auth(), {
    getCredentials: async () => ({ client_email: signer.email }),
    sign: async (text: string) => signer.sign(Buffer.from(text)).toString('base64'),
  });
}

/** Where blobs are signed; undefined for Google's own. */
export const signingEndpoint = ({ iamCredentials }: Endpoints): string | undefined =>
  iamCredentials === undefined ? undefined : `${iamCredentials}/v1/projects/-/serviceAccounts/`;
