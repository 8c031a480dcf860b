import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../errors.js';
import { PickleDict, PickleTuple, type PickleValue } from '../pickle/values.js';
import { StorageReference, TensorReference, TorchEnvironment } from './torch-environment.js';

const tuple = (...items: PickleValue[]) => new PickleTuple(items);
const storage = new StorageReference('0', 'F32', 6);

describe('the names a checkpoint may use', () => {
  const environment = new TorchEnvironment('x');
  const call = (name: string, ...args: PickleValue[]) => environment.findGlobal(name)!.call!(args);
  const rebuild = (...args: PickleValue[]) => call('torch._utils._rebuild_tensor_v2', ...args);

  it('make tensors whose every element is inside their storage', () => {
    const made = rebuild(storage, 1, tuple(2, 2), tuple(1, 3), false, new PickleDict());
    expect(made).toEqual(new TensorReference(storage, 1, [2, 2], [1, 3]));
    expect(call('torch._utils._rebuild_parameter', made, true, null)).toBe(made);
    expect(call('torch._utils._rebuild_tensor', storage, 0, tuple(6), tuple(1))).toBeInstanceOf(TensorReference);
  });

  it.each<[string, PickleValue[], RegExp]>([
    ['too far', [storage, 0, tuple(7), tuple(1)], /shape \[7\] beyond its storage of 6/],
    ['an offset too far', [storage, 6, tuple(), tuple()], /beyond its storage/],
    ['strides too far', [storage, 0, tuple(2, 2), tuple(5, 1)], /beyond its storage/],
    ['sizes whose sum is not exact', [storage, 0, tuple(2 ** 53 - 1, 2), tuple(2 ** 53 - 1, 2)], /beyond its storage/],
    ['a negative stride', [storage, 5, tuple(2), tuple(-1)], /not a tuple of whole numbers/],
    ['a fraction', [storage, 0, tuple(0.5), tuple(1)], /not a tuple of whole numbers/],
    ['a giant integer', [storage, 0, tuple(2n ** 64n), tuple(1)], /not a tuple of whole numbers/],
    ['fewer strides than sizes', [storage, 0, tuple(1, 1), tuple(1)], /not a tuple of whole numbers/],
    ['too many axes', [storage, 0, tuple(...Array(65).fill(1)), tuple(...Array(65).fill(1))], /whole numbers/],
    ['a list for its size', [storage, 0, [1], tuple(1)], /not a tuple/],
    ['no storage', [null, 0, tuple(1), tuple(1)], /makes a tensor of a None/],
    ['a negative offset', [storage, -1, tuple(1), tuple(1)], /makes a tensor of a storage/],
  ])('refuse a tensor with %s', (_, args, message) => {
    expect(() => rebuild(...args, false, null)).toThrow(message);
    expect(() => rebuild(...args, false, null)).toThrow(CheckpointError);
  });

  it('refuse tensors with flags that would change their numbers', () => {
    const flags = new PickleDict();
    flags.entries.set('neg', true);
    expect(() => rebuild(storage, 0, tuple(6), tuple(1), false, null, flags)).toThrow(/view flags/);
    expect(() => rebuild(storage, 0, tuple(6), tuple(1))).toThrow(/4 arguments/);
  });

  it('copy pairs into an OrderedDict, but not one list over and over', () => {
    const pairs: PickleValue[] = [tuple('a', 1), ['b', 2]];
    const dict = call('collections.OrderedDict', pairs) as PickleDict;
    expect([...dict.entries]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(() => call('collections.OrderedDict', [[1, 2]])).toThrow(/something odd/);
    const many = Array.from({ length: 1000 }, (_, i) => tuple(String(i), i));
    expect(() => {
      for (let i = 0; i < 1001; i++) call('collections.OrderedDict', many);
    }).toThrow(/copies more than 1000000/);
  });

  it('take a persistent id for a storage and nothing else', () => {
    const float = environment.findGlobal('torch.FloatStorage')!;
    const loaded = environment.loadPersistent(tuple('storage', float, '3', 'cuda:0', 9));
    expect(loaded).toEqual(new StorageReference('3', 'F32', 9));
    expect(environment.storages).toEqual([loaded]);
    for (const id of [
      '0',
      tuple('module', float, '0', 'cpu', 1),
      tuple('storage', null, '0', 'cpu', 1),
      tuple('storage', float, 0, 'cpu', 1),
      tuple('storage', float, '0', 'cpu', -1),
    ]) {
      expect(() => environment.loadPersistent(id)).toThrow(/no storage/);
    }
    expect(() => environment.loadPersistent(tuple('storage', float, '0', 'cpu', 1, tuple('v', 0, 1)))).toThrow(/0\.3/);
  });
});
