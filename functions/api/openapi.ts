import { z } from 'zod';
import { JobSummary, Problem } from '../../domain/contract/http.ts';
import { RejectionResource } from '../../domain/contract/rejection.ts';
import { KeyResource } from '../../domain/contract/tenant-api.ts';
import { PROBLEMS, type ProblemCode } from '../../domain/errors.ts';
import { CODE_HEADERS, typeOf } from '../http/answer.ts';
import type { AnswerDoc, ApiRoute, HeaderDoc } from './route.ts';
import { API_ROUTES } from './routes.ts';

/** What any operation can answer. */
const COMMON_PROBLEMS: readonly ProblemCode[] = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'internal',
  'unavailable',
];

/** Every code that an operation may answer; the others are the door's. */
const DOCUMENTED: ReadonlySet<string> = new Set([
  ...COMMON_PROBLEMS,
  ...API_ROUTES.flatMap(({ problems }) => problems),
]);

type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

/** What a request may show of whose it is. */
const SCHEMES = {
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of your tenant.' },
  idToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An ID token of a Google account that your tenant names (submits and reads), or of a program that signed in with a token of `createFirebaseToken` (reads, and gets no tokens).',
  },
  readToken: { type: 'http', scheme: 'bearer', description: 'A token of `createJobToken`, which shows that job.' },
  readTokenInAddress: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'The same, where no header can be sent. No key is taken here.',
  },
} as const;

/** Any one of these is enough. */
const anyOf = (...names: (keyof typeof SCHEMES)[]): Json[] => names.map((name) => ({ [name]: [] }));

/** The OpenAPI 3.1 description of `/v1`, made from the route table and the schemas that requests are read with. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of API_ROUTES) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Slipway',
      version,
      description:
        'GPU jobs: submit, follow, cancel. Times are RFC 3339 in UTC, durations are seconds. What is refused is told as ' +
        'RFC 9457 has it; a method that an address does not offer is 405 `method_not_allowed`, with `Allow`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: anyOf('apiKey', 'idToken'),
    paths,
    components: {
      securitySchemes: SCHEMES,
      schemas: { ...schemasOf('input'), ...schemasOf('output') },
      examples: problemExamples(),
    },
  };
}

function operationOf(route: ApiRoute): Json {
  const parameters = [
    ...pathParameters(route),
    ...queryParameters(route),
    ...(route.headers ?? []).map(headerParameter),
  ];
  return {
    operationId: route.operation,
    summary: route.summary,
    description:
      route.scope === null
        ? 'Needs no key.'
        : `Needs a key of scope \`${route.scope}\`${route.showsJob === true ? ', or a read token of the job' : ''}.`,
    ...securityOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.isBodyOptional !== true,
            content: {
              'application/json': {
                schema: refTo(route.body, 'input'),
                ...(route.bodyExample === undefined ? {} : { example: route.bodyExample }),
              },
            },
          },
        }),
    responses: responsesOf(route),
  };
}

/** Where an operation takes other than most do. */
function securityOf({ scope, showsJob }: ApiRoute): Json {
  if (scope === null) return { security: [] };
  if (scope === 'admin') return { security: anyOf('apiKey') };
  return showsJob === true ? { security: anyOf('apiKey', 'idToken', 'readToken', 'readTokenInAddress') } : {};
}

/** A part that several may have, with what is in each; nothing where it is in none. */
const merged = (name: string, ...parts: readonly unknown[]): Json => {
  const all = Object.assign({}, ...parts) as Json;
  return Object.keys(all).length === 0 ? {} : { [name]: all };
};

/** Of one status there may be answers and problems: a 503 of health is either. */
function responsesOf({ answers, problems, scope }: ApiRoute): Json {
  const common = COMMON_PROBLEMS.filter((code) => scope !== null || code !== 'forbidden');
  const responses = problemsOf([...problems, ...common]);
  for (const answer of answers) {
    const status = String(answer.status);
    const asProblem = responses[status] ?? {};
    const { description = '', headers = {}, content = {} } = asProblem;
    const own = { ...headersOf(answer.headers ?? []), ...contentOf(answer) };
    responses[status] = {
      description: `${answer.description} ${String(description)}`.trim(),
      ...merged('headers', headers, own['headers']),
      ...merged('content', content, own['content']),
    };
  }
  return responses;
}

function contentOf({ schema, events }: AnswerDoc): Json {
  if (schema === null) return {};
  const stream = { 'text/event-stream': { schema: { type: 'string', description: events } } };
  return {
    content: { 'application/json': { schema: refTo(schema, 'output') }, ...(events === undefined ? {} : stream) },
  };
}

function pathParameters({ params = {} }: ApiRoute): Json[] {
  return Object.entries(params).map(([name, { description, schema }]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: inline(schema, 'input'),
  }));
}

function queryParameters({ query }: ApiRoute): Json[] {
  if (query === undefined) return [];
  return Object.entries(query.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    // What a coerced parameter is written as is text; what it means is what it is read as.
    schema: inline(schema as z.ZodType, 'output'),
  }));
}

const headerParameter = ({ name, description, schema }: HeaderDoc): Json => ({
  name,
  in: 'header',
  description,
  schema,
});

function headersOf(headers: readonly HeaderDoc[]): Json {
  if (headers.length === 0) return {};
  return {
    headers: Object.fromEntries(headers.map(({ name, description, schema }) => [name, { description, schema }])),
  };
}

/** One response for each status, naming the codes that it may carry. */
function problemsOf(codes: readonly ProblemCode[]): Record<string, Json> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        ...headersOf(headersOfProblems(group)),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                refTo(Problem, 'output'),
                { properties: { type: { enum: group.map(typeOf) }, code: { enum: group }, status: { const: status } } },
              ],
            },
            examples: Object.fromEntries(group.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
          },
        },
      },
    ]),
  );
}

const PROBLEM_HEADERS: Readonly<Record<string, HeaderDoc>> = {
  'retry-after': {
    name: 'Retry-After',
    description: 'After how many seconds to ask again.',
    schema: { type: 'string', pattern: '^\\d+$' },
  },
  'www-authenticate': { name: 'WWW-Authenticate', description: 'How a key is sent.', schema: { type: 'string' } },
};

/** The headers that one of these codes comes with. */
function headersOfProblems(codes: readonly ProblemCode[]): HeaderDoc[] {
  const names = new Set(codes.flatMap((code) => Object.keys(CODE_HEADERS[code] ?? {})));
  return [...names].flatMap((name) => PROBLEM_HEADERS[name] ?? []);
}

/** One problem of each code, as it may come. */
const problemExamples = (): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(PROBLEMS)
      .filter(([code]) => DOCUMENTED.has(code))
      .map(([code, { status, title }]) => [
        code,
        { summary: title, value: { type: typeOf(code as ProblemCode), title, status, code, detail: `${title}.` } },
      ]),
  );

const componentRef = (id: string): string => `#/components/schemas/${id}`;

/** Which of our schemas has a name of its own, those that stand only inside others included; requests are described as they are sent, answers as they come. */
function registryOf(direction: Direction): z.core.$ZodRegistry<{ id: string }> {
  const registry = z.registry<{ id: string }>();
  const schemas = API_ROUTES.flatMap((route) =>
    direction === 'input' ? (route.body ?? []) : route.answers.flatMap((answer) => answer.schema ?? []),
  );
  for (const schema of [
    ...schemas,
    ...(direction === 'output' ? [Problem, JobSummary, KeyResource, RejectionResource] : []),
  ]) {
    const id = schema.meta()?.id;
    if (id !== undefined) registry.add(schema, { id });
  }
  return registry;
}

function schemasOf(direction: Direction): Record<string, Json> {
  const { schemas } = z.toJSONSchema(registryOf(direction), {
    uri: componentRef,
    io: direction,
    override: ({ jsonSchema }) => {
      // Requests are strict; answers may grow.
      if (direction === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
}

function refTo(schema: z.ZodType, direction: Direction): Json {
  const id = schema.meta()?.id;
  return id === undefined ? inline(schema, direction) : { $ref: componentRef(id) };
}

const inline = (schema: z.ZodType, io: Direction): Json => bare(z.toJSONSchema(schema, { io }));

/** OpenAPI says once for all which JSON Schema it is, and where each one stands. */
function bare(schema: object): Json {
  return Object.fromEntries(
    Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id' && key !== 'id'),
  );
}
