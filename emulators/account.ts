import { createSign, createVerify, generateKeyPairSync } from 'node:crypto';

/** A service account that exists on this machine only. */
export interface Account {
  readonly email: string;
  /** Its public key as PEM, by which others can verify what it signs. */
  readonly publicKey: string;
  /** RSA-SHA256, as the IAM Credentials API signs. */
  sign(bytes: Uint8Array): Buffer;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

export function newAccount(email: string): Account {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return {
    email,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => createSign('RSA-SHA256').update(bytes).sign(privateKey),
    verify: (bytes, signature) => createVerify('RSA-SHA256').update(bytes).verify(publicKey, signature),
  };
}
