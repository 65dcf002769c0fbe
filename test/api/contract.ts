import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openApi } from '../../functions/api/openapi.ts';
import { API_ROUTES } from '../../functions/api/routes.ts';
import { matchRoute } from '../../functions/api/router.ts';

export interface Media {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { $ref: string }>>;
}
export interface ResponseDoc {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { schema: object }>>;
  readonly content?: Readonly<Record<string, Media>>;
}
export interface OperationDoc {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, ResponseDoc>>;
}
export interface Document {
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationDoc>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly required?: readonly string[] }>>;
    readonly examples: Readonly<Record<string, { value: { code: string; type: string } }>>;
  };
}

export const DOCUMENT = openApi('0') as unknown as Document;

export const operationOf = (path: string, method: string): OperationDoc => {
  const operation = DOCUMENT.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${path} is not described`);
  return operation;
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'openapi', ...DOCUMENT });
const compiled = new Map<object, ValidateFunction>();

/** What of this value does not fit a schema of the document; empty where it all does. */
export function faultsOf(schema: object, value: unknown): string {
  let check = compiled.get(schema);
  if (check === undefined) {
    // References are meant within the document.
    const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"openapi#/');
    compiled.set(schema, (check = ajv.compile(JSON.parse(text) as object)));
  }
  return check(value) ? '' : ajv.errorsText(check.errors);
}

/** What any HTTP answer has, and Slipway's any answer; of CORS only browsers read, of buffering what lies in between. */
const OF_HTTP = new Set([
  ...['connection', 'keep-alive', 'date', 'content-type', 'content-length', 'transfer-encoding'],
  ...[
    'cache-control',
    'x-content-type-options',
    'access-control-allow-origin',
    'access-control-expose-headers',
    'x-accel-buffering',
  ],
]);

/**
 * Holds an answer of a running api against its description.
 * @returns the operation and status, and what of status, headers and body is not described
 */
export async function heldAgainst(
  method: string,
  url: string,
  answer: Response,
): Promise<{ readonly at: string; readonly faults: string[] }> {
  const { route } = matchRoute(API_ROUTES, method, url);
  const response = operationOf(route.path, method).responses[String(answer.status)];
  const at = `${route.operation} ${answer.status}`;
  const text = await answer.text();
  if (response === undefined) return { at, faults: [`the status is not described: ${text.slice(0, 200)}`] };
  const described = new Set(Object.keys(response.headers ?? {}).map((name) => name.toLowerCase()));
  const faults = [...answer.headers.keys()]
    .filter((name) => !OF_HTTP.has(name) && !described.has(name))
    .map((name) => `the header ${name} is not described`);
  const type = answer.headers.get('content-type');
  if (type === null) return { at, faults: text === '' ? faults : [...faults, 'a body without a type'] };
  const media = response.content?.[type];
  if (media === undefined) return { at, faults: [...faults, `${type} is not described`] };
  const body: unknown = type.includes('json') ? JSON.parse(text) : text;
  const wrong = faultsOf(media.schema, body);
  return { at, faults: wrong === '' ? faults : [...faults, wrong] };
}
