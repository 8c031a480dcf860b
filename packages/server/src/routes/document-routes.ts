import type { Endpoints } from '@zooid/kernel';
import { openApiDocument } from '../openapi/document.js';
import { renderPage } from '../page/page.js';
import type { Examples } from './app-routes.js';
import { json, type Route } from './route.js';

/** What the server says about itself, to machines and to people. @param routes The whole table, for the former. */
export function documentRoutes(endpoints: Endpoints, examples: Examples, routes: () => readonly Route[]): Route[] {
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      id: 'getOpenApi',
      summary: 'This description',
      successes: [{ status: 200, description: 'OpenAPI 3.1', type: 'application/json', schema: { type: 'object' } }],
      problems: [],
      handle: () => json(200, openApiDocument(routes(), endpoints, examples)),
    },
    {
      method: 'GET',
      path: '/',
      id: 'getPage',
      summary: 'A page that lists the apps and lets people try them',
      successes: [{ status: 200, description: 'The page', type: 'text/html' }],
      problems: [],
      handle: () => renderPage(),
    },
  ];
}
