import { Ajv2020 } from 'ajv/dist/2020.js';
import type { SlipwayClient } from '../../client/index.ts';
import type { JobResource, ModelResource } from '../../domain/contract/http.ts';
import type { Good } from './checks.ts';
import { NotYet, SmokeFailure } from './failure.ts';
import { fetched } from './fetched.ts';
import type { Sample } from './samples.ts';

/** Whether a job's output is of its model's schema, and what is known of it. @throws SmokeFailure */
export async function outputOf(
  client: SlipwayClient,
  job: JobResource,
  { model, sample }: { readonly model: ModelResource; readonly sample: Sample },
  signal: AbortSignal,
): Promise<Good<true>> {
  const output = await client.outputOf(job, { signal });
  const ajv = new Ajv2020({ validateFormats: false, strictTypes: false });
  if (!ajv.validate(model.output, output)) {
    throw new SmokeFailure(`it does not fit ${model.name}'s schema: ${ajv.errorsText()}.`);
  }
  const fault = sample.fault(output as Readonly<Record<string, unknown>>);
  if (fault !== null) throw new SmokeFailure(`${fault}.`);
  return { said: `fits the schema; ${sample.known}`, value: true };
}

/** Fetches each artifact by its signed address, without the key. @throws SmokeFailure */
export async function artifactsOf({ artifacts }: JobResource, signal: AbortSignal): Promise<Good<true>> {
  for (const { name, url, sizeBytes } of artifacts) {
    const { status, body } = await fetched(url, name, { signal });
    if (status !== 200) throw new NotYet(`${name} answers HTTP ${status}.`);
    if (body.length !== sizeBytes)
      throw new SmokeFailure(`${name} has ${body.length} bytes in the place of ${sizeBytes}.`);
  }
  const names = artifacts.map(({ name, sizeBytes }) => `${name} (${sizeBytes} bytes)`).join(', ');
  return { said: names === '' ? 'this model makes none' : names, value: true };
}
