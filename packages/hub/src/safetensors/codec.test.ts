import { readFileSync } from 'node:fs';
import { type HostTensor, Random, toFloat16 } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.js';
import { decodeSafetensors, encodeSafetensors } from './codec.js';

/** Written by the Python library; see `producedBy` in the file. */
const pythonSave = JSON.parse(readFileSync(new URL('__golden__/python-save.json', import.meta.url), 'utf8')) as {
  readonly base64: string;
};

const everyType: [string, HostTensor][] = [
  ['mask', { dtype: 'bool', dims: [3], data: new Uint8Array([1, 0, 1]) }],
  ['weight', { dtype: 'float32', dims: [2, 3], data: new Float32Array([1, -2, 3.5, 0, 1e-40, 3e38]) }],
  ['double', { dtype: 'float64', dims: [2], data: new Float64Array([Math.PI, -0]) }],
  ['half', { dtype: 'float16', dims: [2, 1], data: toFloat16(new Float32Array([0.5, -65504])) }],
  ['long', { dtype: 'int64', dims: [2], data: new BigInt64Array([-1n, 2n ** 62n]) }],
  ['int', { dtype: 'int32', dims: [1], data: new Int32Array([-7]) }],
  ['tiny', { dtype: 'int8', dims: [1], data: new Int8Array([-128]) }],
  ['byte', { dtype: 'uint8', dims: [1], data: new Uint8Array([255]) }],
  ['scalar', { dtype: 'float32', dims: [], data: new Float32Array([42]) }],
  ['empty', { dtype: 'float32', dims: [0, 5], data: new Float32Array(0) }],
  ['名字.weight', { dtype: 'float32', dims: [1], data: new Float32Array([1]) }],
];

/** A file from a header as text and the bytes behind it. */
function file(header: unknown, data = new Uint8Array(0)): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const f32 = (shape: unknown, offsets: unknown) => ({ dtype: 'F32', shape, data_offsets: offsets });

describe('encodeSafetensors and decodeSafetensors', () => {
  it('return every type, shape and bit', () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(everyType, { format: 'pt', note: '备注' }));
    expect(new Map([...tensors].sort())).toEqual(new Map([...everyType].sort()));
    expect(Object.fromEntries(metadata)).toEqual({ format: 'pt', note: '备注' });
  });

  it('make the same bytes in whatever order tensors and metadata come', () => {
    const bytes = encodeSafetensors(everyType, { a: '1', b: '2' });
    expect(encodeSafetensors([...everyType].reverse(), { b: '2', a: '1' })).toEqual(bytes);
  });

  it('make the bytes that the Python library makes, and read them', () => {
    const python = new Uint8Array(Buffer.from(pythonSave.base64, 'base64'));
    expect(encodeSafetensors(everyType, { format: 'pt' })).toEqual(python);
    expect(new Map([...decodeSafetensors(python).tensors].sort())).toEqual(new Map([...everyType].sort()));
  });

  it('write views of larger buffers as what they show', () => {
    const data = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    const { tensors } = decodeSafetensors(encodeSafetensors([['x', { dtype: 'float32', dims: [2], data }]]));
    expect(tensors.get('x')!.data).toEqual(new Float32Array([1, 2]));
  });

  it('refuse to write a name twice, a reserved name, or data that does not fit its shape', () => {
    const x: HostTensor = { dtype: 'float32', dims: [1], data: new Float32Array(1) };
    expect(() =>
      encodeSafetensors([
        ['x', x],
        ['x', x],
      ]),
    ).toThrow(/'x'/);
    expect(() => encodeSafetensors([['__metadata__', x]])).toThrow(CheckpointError);
    expect(() => encodeSafetensors([['x', { ...x, dims: [2, 2] }]])).toThrow(
      /shape \[2, 2\], which is 4 elements, but holds 1/,
    );
  });
});

describe('decodeSafetensors', () => {
  it('widens BF16 to float32 exactly', () => {
    // 0x3fc0 = 1.5, 0xc000 = -2, 0x7f80 = infinity.
    const bytes = new Uint8Array([0xc0, 0x3f, 0x00, 0xc0, 0x80, 0x7f]);
    const { tensors } = decodeSafetensors(file({ x: { dtype: 'BF16', shape: [3], data_offsets: [0, 6] } }, bytes));
    expect(tensors.get('x')).toEqual({ dtype: 'float32', dims: [3], data: new Float32Array([1.5, -2, Infinity]) });
  });

  it('reads tensors at offsets that are not aligned', () => {
    const header = {
      a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
      b: f32([1], [1, 5]),
    };
    const { tensors } = decodeSafetensors(file(header, new Uint8Array([7, 0, 0, 128, 63])));
    expect(tensors.get('b')!.data).toEqual(new Float32Array([1]));
  });

  it('takes a tensor called __proto__ for a tensor', () => {
    const { tensors } = decodeSafetensors(
      file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', new Uint8Array([7])),
    );
    expect([...tensors.keys()]).toEqual(['__proto__']);
  });

  const four = new Uint8Array(4);
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes are too few/],
    ['a prefix without header', new Uint8Array(8), /8 bytes are too few/],
    [
      'a giant header length',
      new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 123, 125]),
      /claims 18446744073709551615 bytes, but 2 are possible/,
    ],
    ['a header longer than the file', file('{}').with(0, 3), /claims 3 bytes, but 2/],
    ['a header that is not JSON', file('{"x":'), /not valid JSON/],
    ['a header that is not UTF-8', file('{"\u00ff":1}').with(11, 0xff), /not valid JSON in UTF-8/],
    ['a header that is an array', file('[]'), /must be a JSON object/],
    ['white space before the header', file(' {}'), /must be a JSON object/],
    [
      'a name that comes twice',
      file(
        '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        four,
      ),
      /names 'x' twice/,
    ],
    [
      'a name that comes twice in other spelling',
      file(
        '{"a\\u0062":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"ab":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        four,
      ),
      /names 'ab' twice/,
    ],
    [
      'a field that comes twice',
      file('{"x":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', four),
      /names 'shape' twice/,
    ],
    ['an entry that is no object', file({ x: 1 }), /tensor 'x' must be described by an object/],
    ['an unknown field', file({ x: { ...f32([1], [0, 4]), exec: 1 } }, four), /unknown field 'exec'/],
    [
      'an unknown type',
      file({ x: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } }, four),
      /type "F8_E4M3"; supported are/,
    ],
    [
      'a type from the prototype',
      file({ x: { dtype: 'constructor', shape: [4], data_offsets: [0, 4] } }, four),
      /type "constructor"/,
    ],
    ['a negative size', file({ x: f32([-1], [0, 4]) }, four), /shape \[-1\]/],
    ['a fractional size', file({ x: f32([0.5, 2], [0, 4]) }, four), /shape \[0.5,2\]/],
    [
      'a size beyond exact numbers',
      file('{"x":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', four),
      /shape \[9007199254740992\]/,
    ],
    [
      'a shape whose product overflows',
      file({ x: f32(Array(40).fill(4_000_000_000), [0, 4]) }, four),
      /needs Infinity bytes, but has 4/,
    ],
    ['a shape that is no array', file({ x: f32('1', [0, 4]) }, four), /shape "1"/],
    ['offsets that are no pair', file({ x: f32([1], [0, 4, 4]) }, four), /expected \[begin, end\]/],
    ['offsets in the wrong order', file({ x: f32([1], [4, 0]) }, four), /needs 4 bytes, but has -4/],
    [
      'a shape of other size than its bytes',
      file({ x: f32([2], [0, 4]) }, four),
      /shape \[2\] needs 8 bytes, but has 4/,
    ],
    ['offsets beyond the end', file({ x: f32([1], [0, 4]) }), /describes 4 bytes of data, the file holds 0/],
    [
      'bytes behind the last tensor',
      file({ x: f32([1], [0, 4]) }, new Uint8Array(5)),
      /describes 4 bytes of data, the file holds 5/,
    ],
    [
      'tensors that overlap',
      file({ x: f32([1], [0, 4]), y: f32([1], [0, 4]) }, four),
      /begins at byte 0 where 4 was expected/,
    ],
    [
      'a gap between tensors',
      file({ x: f32([1], [0, 4]), y: f32([1], [8, 12]) }, new Uint8Array(12)),
      /begins at byte 8 where 4 was expected/,
    ],
    ['metadata that is no object', file({ __metadata__: [] }), /__metadata__ must be an object/],
    ['metadata that is no string', file({ __metadata__: { a: 1 } }), /hold strings, found number at 'a'/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow(message);
    expect(() => decodeSafetensors(bytes)).toThrow(CheckpointError);
  });

  it('either reads a damaged file or refuses it with a CheckpointError, never otherwise', () => {
    const random = new Random(11);
    const good = encodeSafetensors(everyType, { format: 'pt' });
    const headerEnd = 8 + Number(Buffer.from(good.subarray(0, 8)).readBigUInt64LE());
    const counts = { read: 0, refused: 0 };
    for (let i = 0; i < 4000; i++) {
      let bytes = good.slice();
      const kind = random.int(4);
      if (kind === 0) bytes = bytes.slice(0, random.int(bytes.length));
      if (kind === 1) bytes[random.int(8)] = random.int(256);
      // Header damage that stays JSON is the interesting kind: digits and letters for one another.
      if (kind === 2)
        for (let k = 0; k <= random.int(4); k++) bytes[8 + random.int(headerEnd - 8)] = 0x20 + random.int(95);
      if (kind === 3) bytes.copyWithin(random.int(headerEnd), random.int(headerEnd), random.int(bytes.length));
      try {
        for (const { dims, data } of decodeSafetensors(bytes).tensors.values()) {
          expect(dims.reduce((product, size) => product * size, 1)).toBe(data.length);
        }
        counts.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
        counts.refused++;
      }
    }
    expect(counts.refused).toBeGreaterThan(2000);
    expect(counts.read).toBeGreaterThan(100);
  });
});
