import { describe, expect, it } from 'vitest';
import { flatten, signed, unsigned } from './encoding.js';
import { f64, i32, loopWhile } from './instructions.js';
import { assemble, defineFunction } from './module.js';

describe('LEB128', () => {
  it.each<[number, number[]]>([
    [0, [0x00]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [624_485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('encodes the unsigned %i', (value, bytes) => {
    expect(unsigned(value)).toEqual(bytes);
  });

  it.each<[number, number[]]>([
    [0, [0x00]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-1, [0x7f]],
    [-16, [0x70]],
    [-123_456, [0xc0, 0xbb, 0x78]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])('encodes the signed %i', (value, bytes) => {
    expect(signed(value)).toEqual(bytes);
  });
});

describe('assemble', () => {
  it('flattens nested code in order', () => {
    expect(flatten([1, [2, [3]], [], 4])).toEqual([1, 2, 3, 4]);
  });

  it('refuses a parameter after a local', () => {
    const late = defineFunction('late', undefined, (scope) => {
      scope.local('i32');
      scope.parameter('i32');
      return [];
    });
    expect(() => assemble([late])).toThrow(/before locals/);
  });

  it('makes a module that the host runs', () => {
    const triangle = defineFunction('triangle', 'i32', (scope) => {
      const n = scope.parameter('i32');
      const i = scope.local('i32');
      const sum = scope.local('i32');
      return [
        loopWhile(i32.ltU(i.get, n.get), [i.set(i32.add(i.get, i32.const(1))), sum.set(i32.add(sum.get, i.get))]),
        sum.get,
      ];
    });
    const twice = defineFunction('twice', 'f64', (scope) => {
      const x = scope.parameter('f64');
      return f64.add(x.get, x.get);
    });
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: {
        Module: new (bytes: Uint8Array) => object;
        Instance: new (module: object, imports: object) => { exports: Record<string, (x: number) => number> };
        Memory: new (size: object) => object;
      };
    };
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble([triangle, twice])), {
      env: { memory },
    });
    expect(exports.triangle!(10)).toBe(55);
    expect(exports.twice!(1.25)).toBe(2.5);
  });
});
