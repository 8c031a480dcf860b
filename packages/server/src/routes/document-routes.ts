import { appsPage } from '../page/apps-page.js';
import { docsPage } from '../page/docs-page.js';
import type { Reply, Route } from './route.js';

const jsonType = { 'content-type': 'application/json; charset=utf-8' };

/**
 * What the server says about itself, to machines and to people. The pages hold no data, so they are open; what they show
 * they ask for as any client does, with a key where one is wanted.
 *
 * @param describe The OpenAPI document as it is now, as JSON.
 */
export function documentRoutes(describe: () => string): Route[] {
  const page = (path: string, id: string, summary: string, reply: Reply): Route => ({
    method: 'GET',
    path,
    id,
    summary,
    open: true,
    successes: [{ status: 200, description: 'The page', type: 'text/html' }],
    problems: [],
    handle: () => reply,
  });
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      id: 'getOpenApi',
      summary: 'This description',
      successes: [{ status: 200, description: 'OpenAPI 3.1', type: 'application/json', schema: { type: 'object' } }],
      problems: [],
      handle: () => ({ status: 200, headers: jsonType, text: describe() }),
    },
    page('/', 'getPage', 'A page that lists the apps and lets people try them', appsPage),
    page('/docs', 'getDocs', 'A page that shows this description', docsPage),
  ];
}
