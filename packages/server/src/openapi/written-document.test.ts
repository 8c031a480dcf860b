import type { Endpoint, Endpoints } from '@zooid/kernel';
import { describe, expect, it } from 'vitest';
import { writtenDocument } from './written-document.js';

class Lexicon {}

describe('the written document', () => {
  const serve = () => {
    const served: Partial<Endpoint>[] = [];
    const endpoints = {
      list: () => served as Endpoint[],
      get: (name: string) => served.findLast((endpoint) => endpoint.name === name) as Endpoint,
    } as unknown as Endpoints;
    const examples: Record<string, unknown> = {};
    let descriptions = 0;
    const text = writtenDocument(() => ({ descriptions: ++descriptions }), endpoints, examples);
    return { served, examples, text };
  };

  it('is written once as long as nothing changes', () => {
    const { served, text } = serve();
    expect(text()).toBe('{"descriptions":1}');
    served.push({ name: 'echo', collections: {} });
    expect([text(), text(), text()]).toEqual(Array(3).fill('{"descriptions":2}'));
  });

  it('is written anew for other endpoints, defaults, collections and examples', () => {
    const { served, examples, text } = serve();
    served.push({ name: 'echo', collections: {} });
    const changes = [
      () => served.push({ name: 'echo', collections: {} }), // the default now
      () => served.splice(0, 1),
      () => Object.assign(served[0]!, { collections: { lexicons: { body: Lexicon } } }),
      () => Object.assign(served[0]!, { collections: { lexica: { body: Lexicon } } }),
      () => Object.assign(served[0]!, { collections: {} }),
      () => Object.assign(examples, { echo: 'a' }),
      () => served.pop(),
    ];
    let before = text();
    for (const change of changes) {
      change();
      expect(text()).not.toBe(before);
      before = text();
    }
  });
});
