import type { Random } from '@zooid/tensor';

/** Values that break programs which trust their callers. */
const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  -0.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\ufeff',
  'x'.repeat(20_000),
  '😀'.repeat(3000),
  [],
  {},
  [[[[[[[[[['deep']]]]]]]]]],
  ['a', 1, null],
  { text: ['a'] },
  { length: 3, 0: 'a' },
  JSON.parse('{"toJSON":"x","valueOf":"y","toString":1,"then":"z"}'),
  Array(2000).fill('a'),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('[{"__proto__":{"polluted":true}}]'),
  { constructor: { prototype: { polluted: true } } },
];

/** A request that the operations below know how to answer, to be spoilt. */
export function goodBody(path: string, text: string, model: string): unknown {
  if (path.includes('/infer')) {
    return { id: '1', inputs: [{ name: 'text', shape: [2], datatype: 'BYTES', data: [text, 'b'] }], parameters: {} };
  }
  if (path === '/v1/embeddings') return { model, input: [text, 'b'], encoding_format: 'float', user: 'u' };
  if (path.startsWith('/models/') || path.startsWith('/hf/')) {
    return { inputs: [text, { text, text_pair: 'b' }], parameters: { top_k: 2 }, options: { wait_for_model: true } };
  }
  if (path.startsWith('/v2/repository')) return { parameters: {} };
  if (path.includes('{entry}') || path.includes('/lexicons/')) {
    return { entries: [{ surface: 'song', type: 'song', aliases: ['tune'] }], force: false };
  }
  return { inputs: [text, { text, text_pair: 'b' }], parameters: { top_k: 2 } };
}

/** `body` with one to three things wrong somewhere in it. */
export function spoil(body: unknown, random: Random): string {
  const copy = JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
  for (let faults = 1 + random.int(3); faults > 0; faults--) {
    let place = copy;
    for (;;) {
      const key = random.choice([...Object.keys(place), 'added', '__proto__', 'constructor']);
      const inner = Object.hasOwn(place, key) ? place[key] : undefined;
      if (typeof inner === 'object' && inner !== null && random.uniform() < 0.6) {
        place = inner as Record<string, unknown>;
        continue;
      }
      const value = random.uniform() < 0.2 ? undefined : structuredClone(random.choice(oddValues));
      Object.defineProperty(place, key, { value, enumerable: true, configurable: true, writable: true });
      break;
    }
  }
  return JSON.stringify(copy);
}

/** Text that no JSON parser may take, or that costs those who parse it carelessly. */
export function brokenJson(good: string, random: Random): Buffer {
  const depth = 1000 + random.int(100_000);
  const digits = '9'.repeat(1 + random.int(100_000));
  const kinds: readonly (() => string | Buffer)[] = [
    () => good.slice(0, random.int(good.length)),
    () => good.replace(/[:,]/, random.choice(['::', '', ',,', '\u0000', '\v'])),
    () => `${good}${good}`,
    () => `${good}\u0000`,
    () => `\ufeff${good}`,
    () =>
      random.choice(['', ' ', '[]', 'null', '"text"', '7', '-', 'NaN', '{', '"', '\\u0000', 'undefined', "{'a':1}"]),
    () => '['.repeat(depth),
    () => `${'['.repeat(depth)}${']'.repeat(depth)}`,
    () => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
    () => `{"inputs":${'{"text":'.repeat(depth)}`,
    () => `{"inputs":${digits}}`,
    () => `{"inputs":"a","parameters":{"top_k":${digits}}}`,
    () => `{"inputs":"a","parameters":{"top_k":1e${digits.slice(0, 400)}}}`,
    () => `{"inputs":"a","parameters":{"top_k":-0.${digits}e-${digits.slice(0, 6)}}}`,
    () => `{"${'k'.repeat(100_000)}":1}`,
    () => `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`,
    () => `{${'"inputs":"a",'.repeat(5000)}"inputs":"a"}`,
    () => `[${'{},'.repeat(200_000)}{}]`,
    () => `{"inputs":[${'"a",'.repeat(300_000)}"a"]}`,
    () => `{"inputs":"${'\\ud800'.repeat(2000)}"}`,
    () => `{"inputs":"${'a'.repeat(2_000_000)}"}`,
    () => Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    () => invalidUtf8(good, random),
    () => invalidUtf8(good, random),
    () => noise(random),
  ];
  const made = random.choice(kinds)();
  return typeof made === 'string' ? Buffer.from(made) : made;
}

/** Bytes that are no UTF-8, put somewhere into a text: overlong forms, surrogates, stray and missing continuations. */
function invalidUtf8(good: string, random: Random): Buffer {
  const bad = random.choice([[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xe2, 0x82], [0xff]]);
  const bytes = Buffer.from(good);
  const at = random.int(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(bad), bytes.subarray(at)]);
}

export function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 1 + random.int(2000) }, () => random.int(256)));
}
