import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';

/**
 * Puts firestore.rules in force for one project on a Firestore emulator. They bind clients; the functions, which come with a
 * service account's rights, are above them.
 * @throws Error with the emulator's words if the rules have a fault
 */
export async function loadRules(firestore: string, projectId: string): Promise<void> {
  const content = await readFile(join(import.meta.dirname, '../firestore.rules'), 'utf8');
  const { statusCode, body } = await request(`http://${firestore}/emulator/v1/projects/${projectId}:securityRules`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules: { files: [{ name: 'firestore.rules', content }] } }),
  });
  const answer = await body.text();
  if (statusCode !== 200) throw new Error(`firestore.rules cannot be loaded: ${answer}`);
}
