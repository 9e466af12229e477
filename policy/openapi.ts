/** OpenAPI 3.1 of the watch API, from the table of routes. */
import { z } from 'zod';
import { fault } from './watch-api';
import { WATCH_ROUTES, type WatchRoute } from './watch-routes';

type Json = Readonly<Record<string, unknown>>;

const SCOPES: Readonly<Record<Exclude<WatchRoute['scope'], null>, string>> = {
  watch: 'API key of scope `watch`.',
  label: 'API key of scope `label`.',
  operate: 'API key of scope `operate`.',
  signature: 'Signed with the secret that the policy names; without one, API key of scope `operate`.',
};

/** The document that `GET /v1/openapi.json` answers and `npm run gen` writes. Deterministic. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [operationId, route] of Object.entries(WATCH_ROUTES)) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(operationId, route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ratchet: drift as a service',
      version: '1',
      description:
        'Drift, data quality and performance of any model over any window, for models that are served here or elsewhere, and triggers from outside.',
    },
    paths,
    components: {
      schemas: { Fault: jsonSchema(fault, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  };
}

function operation(operationId: string, route: WatchRoute): Json {
  const { summary, scope, body, answers } = route;
  return {
    operationId,
    summary,
    ...(scope === null ? { security: [] } : { description: SCOPES[scope], security: [{ bearer: [] }, { header: [] }] }),
    parameters: parameters(route),
    ...(body === null ? {} : { requestBody: { required: true, content: content(Object.entries(body), 'input') } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { description, schema }]) => [
          status,
          { description, content: content([['application/json', schema]], 'output') },
        ]),
      ),
      default: {
        description: 'A fault; docs/errors.md says what each code means.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Fault' } } },
      },
    },
  };
}

function parameters(route: WatchRoute): readonly Json[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(route.query).map(([name, { schema, description }]) => ({
    name,
    in: 'query',
    required: !schema.safeParse(undefined).success,
    description,
    schema: jsonSchema(schema, 'output'),
  }));
  return [...inPath, ...inQuery];
}

const content = (types: readonly (readonly [string, z.ZodType | null])[], io: 'input' | 'output'): Json =>
  Object.fromEntries(types.map(([type, schema]) => [type, schema === null ? {} : { schema: jsonSchema(schema, io) }]));

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  return Object.fromEntries(Object.entries(z.toJSONSchema(schema, { io })).filter(([key]) => key !== '$schema'));
}
