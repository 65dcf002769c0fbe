import { describe, expect, test } from '@jest/globals';
import type { Secrets } from '../../domain/ports.ts';

/**
 * What every engine's Secrets must do.
 * @param secretsWith secrets among which the one that is asked for has this value
 */
export function describeSecrets(name: string, secretsWith: (value: string) => Promise<Secrets>): void {
  describe(`Secrets on ${name}`, () => {
    test.each(['sälzig', '0'.repeat(64), 'with = + / spaces'])('a secret is what was put there: %j', async (value) => {
      const secrets = await secretsWith(value);
      const asked = await Promise.all(Array.from({ length: 20 }, () => secrets.get('idempotency-pepper')));
      expect(new Set(asked)).toEqual(new Set([value]));
    });

    test('an empty one is an error that names it, never a value', async () => {
      const secrets = await secretsWith('');
      await expect(secrets.get('idempotency-pepper')).rejects.toThrow(/idempotency-pepper.* is empty/);
    });
  });
}
