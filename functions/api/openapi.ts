import { z } from 'zod';
import { JobSummary, Problem } from '../../domain/contract/http.ts';
import { RejectionResource } from '../../domain/contract/rejection.ts';
import { KeyResource } from '../../domain/contract/tenant-api.ts';
import { PROBLEMS, type ProblemCode } from '../../domain/errors.ts';
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

type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

/** The OpenAPI 3.1 description of `/v1`, made from the route table and the schemas that requests are read with. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of API_ROUTES) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Slipway',
      version,
      description: 'GPU jobs: submit, follow, cancel. Times are RFC 3339 in UTC, durations are seconds.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of your tenant.' } },
      schemas: { ...schemasOf('input'), ...schemasOf('output') },
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
    description: `Needs a key of scope \`${route.scope}\`.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.isBodyOptional !== true,
            content: { 'application/json': { schema: refTo(route.body, 'input') } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        route.answers.map((answer) => [
          String(answer.status),
          {
            description: answer.description,
            ...headersOf(answer.headers ?? []),
            ...contentOf(answer),
          },
        ]),
      ),
      ...problemsOf([...route.problems, ...COMMON_PROBLEMS]),
    },
  };
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
function problemsOf(codes: readonly ProblemCode[]): Json {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: refTo(Problem, 'output') } },
      },
    ]),
  );
}

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
