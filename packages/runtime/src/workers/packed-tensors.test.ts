import { type HostTensor, type TensorMap, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { packCopies, packOwned, unpack } from './packed-tensors.js';

const some = (): TensorMap => ({
  mask: tensor('bool', [1, 0, 1], [3]),
  ids: tensor('int64', [1, 2, 3], [1, 3]),
  half: { dtype: 'float16', dims: [1], data: Uint16Array.of(0x3c00) },
  none: tensor('float32', [], [0, 2]),
  one: tensor('float64', [Math.PI], []),
});

describe('packCopies', () => {
  it('carries every type, in one buffer, where each may begin', () => {
    const packed = packCopies(some());
    expect(packed.buffers).toHaveLength(1);
    expect(unpack(packed)).toEqual(some());
  });

  it('leaves the tensors to the caller, and sends only what a view shows', () => {
    const backing = Float32Array.of(9, 1, 2, 9);
    const x: HostTensor = { dtype: 'float32', dims: [2], data: backing.subarray(1, 3) };
    const packed = packCopies({ x });
    expect(packed.buffers[0]!.byteLength).toBe(8);
    unpack(packed).x!.data.fill(0 as never);
    expect([...backing]).toEqual([9, 1, 2, 9]);
  });

  it('moves large buffers and copies small ones', () => {
    const zeros = (length: number) => ({ x: tensor('float32', new Float32Array(length), [length]) });
    expect(packCopies(zeros(10)).transfer).toEqual([]);
    const large = packCopies(zeros(100_000));
    expect(large.transfer).toEqual(large.buffers);
  });

  it('takes shared memory, which engines refuse', () => {
    const data = new Float32Array(new SharedArrayBuffer(8));
    data.set([1, 2]);
    const packed = packCopies({ x: { dtype: 'float32', dims: [2], data: data as Float32Array<never> } });
    expect(unpack(packed).x).toEqual(tensor('float32', [1, 2], [2]));
    expect(packed.buffers[0]).toBeInstanceOf(ArrayBuffer);
  });

  it('keeps a shape that does not fit its data, for the engine to refuse', () => {
    const x: HostTensor = { dtype: 'float32', dims: [5], data: Float32Array.of(1, 2) };
    expect(unpack(packCopies({ x })).x).toEqual(x);
  });

  it('has no special names', () => {
    const tensors = Object.fromEntries(
      ['__proto__', 'constructor', '"', '\n'].map((name) => [name, tensor('float32', [1], [1])]),
    );
    const unpacked = unpack(packCopies(tensors));
    expect(Object.keys(unpacked)).toEqual(Object.keys(tensors));
    expect(Object.getPrototypeOf(unpacked)).toBe(Object.prototype);
  });

  it('carries no tensors at all', () => {
    expect(unpack(packCopies({}))).toEqual({});
  });
});

describe('packOwned', () => {
  it('collects small tensors', () => {
    expect(packOwned(some()).buffers).toHaveLength(1);
    expect(unpack(packOwned(some()))).toEqual(some());
  });

  it('gives large ones away as they are, each buffer once', () => {
    const logits = new Float32Array(100_000).fill(0.5);
    const tensors: TensorMap = {
      logits: { dtype: 'float32', dims: [100_000], data: logits },
      tail: { dtype: 'float32', dims: [2], data: logits.subarray(99_998) },
      label: tensor('int64', [7], [1]),
    };
    const packed = packOwned(tensors);
    expect(packed.buffers[0]).toBe(logits.buffer);
    expect(packed.buffers).toHaveLength(2);
    expect(packed.transfer).toEqual(packed.buffers);
    expect(unpack(packed)).toEqual(tensors);
  });
});
