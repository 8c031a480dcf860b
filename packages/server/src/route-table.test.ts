import { describe, expect, it } from 'vitest';
import { RouteTable } from './route-table.js';
import type { HttpMethod, Route } from './routes/route.js';

const route = (method: HttpMethod, path: string): Route => ({
  method,
  path,
  id: `${method} ${path}`,
  summary: '',
  successes: [],
  problems: [],
  handle: () => ({ status: 200 }),
});

const table = new RouteTable([
  route('GET', '/'),
  route('GET', '/v1/apps'),
  route('GET', '/v1/apps/{name}'),
  route('POST', '/v1/apps/{name}'),
  route('PUT', '/v1/apps/{name}/{collection}/{entry}'),
  route('GET', '/v1/apps/{name}/docs'),
]);
const found = (method: string, target: string) => {
  const match = table.find(method, target);
  return match && [match.route.id, match.path, { ...match.parameters }];
};

describe('RouteTable', () => {
  it('finds routes by method and path, without the query', () => {
    expect(found('GET', '/')).toEqual(['GET /', '/', {}]);
    expect(found('GET', '/v1/apps?x=/a')).toEqual(['GET /v1/apps', '/v1/apps', {}]);
    expect(found('POST', '/v1/apps/echo@2.0_a~b')).toEqual([
      'POST /v1/apps/{name}',
      '/v1/apps/echo@2.0_a~b',
      { name: 'echo@2.0_a~b' },
    ]);
    expect(found('PUT', '/v1/apps/a/b/c')?.[2]).toEqual({ name: 'a', collection: 'b', entry: 'c' });
  });

  it('prefers what is written out to what is a parameter', () => {
    expect(found('GET', '/v1/apps/echo/docs')?.[0]).toBe('GET /v1/apps/{name}/docs');
  });

  it('gives names of Object.prototype no meaning', () => {
    expect(found('GET', '/v1/apps/__proto__')?.[2]).toEqual({ name: '__proto__' });
    expect(found('GET', '/constructor')).toBeUndefined();
  });

  it.each([
    ['HEAD', '/v1/apps'],
    ['DELETE', '/v1/apps/a'],
    ['GET', '/v1/apps/'],
    ['GET', '//v1/apps'],
    ['GET', '/V1/apps'],
    ['GET', '/v1/apps/a%20b'],
    ['GET', '/v1/apps/a+b'],
    ['GET', '/v1/apps/歌'],
    ['GET', '/v1/nothing'],
    ['GET', '/v1'],
    ['GET', 'http://a/v1/apps'],
    ['OPTIONS', '*'],
    ['GET', ''],
  ])('leaves %s %s to others', (method, target) => {
    expect(found(method, target)).toBeUndefined();
  });
});
