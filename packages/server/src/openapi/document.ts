import type { Endpoint, Endpoints } from '@zooid/kernel';
import type { Examples } from '../routes/app-routes.js';
import { problemDetails } from '../routes/error-form.js';
import type { Route, Schema } from '../routes/route.js';
import { envelopeSchema, outputsSchema } from '../routes/schemas.js';
import { DtoSchemas } from './dto-schemas.js';
import { type Guards, responses, security, securitySchemes } from './responses.js';

type Operation = Readonly<Record<string, unknown>>;
type Paths = Record<string, Record<string, Operation>>;

/**
 * The OpenAPI 3.1 description of this very server: every line of the route table once as a template, and once more
 * for each served app, with the exact schemas of its DTOs. (Concrete paths win over templates, as the standard says.)
 */
export function openApiDocument(
  routes: readonly Route[],
  endpoints: Endpoints,
  examples: Examples,
  guards: Guards,
): object {
  const schemas = new DtoSchemas();
  const paths: Paths = {};
  for (const route of routes) add(paths, route.path, route, operation(route, route.path, guards));
  for (const [name, endpoint] of servedNames(endpoints)) {
    for (const route of routes) {
      for (const [path, exact] of specialise(route, name, endpoint, schemas)) {
        add(paths, path, route, operation(exact, path, guards, examples[endpoint.name]));
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Zooid', version: 'v1', description: 'Natural language apps over HTTP.' },
    paths,
    ...(guards.asksForKeys && { security }),
    components: {
      schemas: { ...schemas.components, ...errorSchemas(routes) },
      ...(guards.asksForKeys && { securitySchemes }),
    },
  };
}

function add(paths: Paths, path: string, route: Route, value: Operation): void {
  paths[path] = { ...paths[path], [route.method.toLowerCase()]: value };
}

/** Bare names with their default version, and every version. */
function servedNames(endpoints: Endpoints): [name: string, endpoint: Endpoint][] {
  return endpoints.list().flatMap((endpoint): [string, Endpoint][] => {
    const { name, address } = endpoint;
    return address !== name && endpoints.get(name) === endpoint
      ? [
          [name, endpoint],
          [address, endpoint],
        ]
      : [[address, endpoint]];
  });
}

/** The lines that a served app adds for `route`: same behaviour, exact path and schemas. */
function specialise(
  route: Route,
  name: string,
  { app, collections }: Endpoint,
  schemas: DtoSchemas,
): [path: string, route: Route][] {
  const path = route.path.replace('{name}', name); // of characters that need no encoding
  if (path === route.path) return [];
  if (path.includes('{collection}')) {
    return Object.entries(collections).map(([collection, { body }]) => [
      path.replace('{collection}', encodeURIComponent(collection)),
      route.requestSchema === undefined ? route : { ...route, requestSchema: schemas.reference(body) },
    ]);
  }
  if (route.requestSchema === undefined) return [[path, route]];
  return [
    [
      path,
      {
        ...route,
        summary: app.description,
        requestSchema: envelopeSchema(schemas.reference(app.item), schemas.reference(app.parameters)),
        successes: route.successes.map((success) =>
          success.type === 'application/json' ? { ...success, schema: outputsSchema(app.output) } : success,
        ),
      },
    ],
  ];
}

function operation(route: Route, path: string, guards: Guards, example?: unknown): Operation {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const parameters = [...inPath, ...(route.asksApp === true ? [priority] : [])];
  return {
    operationId: path === route.path ? route.id : `${route.id}:${path}`,
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.requestSchema !== undefined && {
      requestBody: { required: true, content: { 'application/json': media(route, example) } },
    }),
    ...(guards.asksForKeys && route.open === true && { security: [] }),
    responses: responses(route, guards),
  };
}

/** RFC 9218. */
const priority = {
  name: 'Priority',
  in: 'header',
  description:
    'How urgent the request is (RFC 9218): u=0 is most urgent, u=7 least, and without it u=3. Urgent requests come ' +
    'first where several wait for a model. What is malformed is ignored.',
  schema: { type: 'string' },
  example: 'u=1',
} as const;

function media({ id, requestSchema: schema }: Route, example: unknown): object {
  return id === 'runApp' && example !== undefined ? { schema, example: { inputs: example } } : { schema };
}

/** Schemas of every form of error that a route has. */
function errorSchemas(routes: readonly Route[]): Record<string, Schema> {
  const forms = [problemDetails, ...routes.flatMap(({ errorForm = [] }) => errorForm)];
  return Object.fromEntries(forms.map(({ name, schema }) => [name, schema]));
}
