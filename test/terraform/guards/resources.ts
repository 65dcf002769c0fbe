import type { Applied } from '../applied.ts';

export type Attributes = Applied['attributes'];

/** A block that Terraform keeps as a list of one; empty where there is none. */
export const first = (block: unknown): Attributes => (block as Attributes[] | null | undefined)?.[0] ?? {};

/** The blocks of a kind. */
export const all = (block: unknown): readonly Attributes[] => (block as Attributes[] | null | undefined) ?? [];

export const ofType = (resources: readonly Applied[], type: string): readonly Attributes[] =>
  resources.filter((resource) => resource.type === type).map(({ attributes }) => attributes);

/** The one container of a service or a job, from its template. */
export const containerOf = (template: Attributes): Attributes => first(template['containers']);

/** The variables of a container. */
export const envOf = (container: Attributes): readonly { readonly name: string; readonly value: string }[] =>
  all(container['env']) as unknown as { name: string; value: string }[];

/** What stands after the last slash of a resource's full name. */
export const lastOf = (path: unknown): string => String(path).split('/').at(-1) ?? '';
