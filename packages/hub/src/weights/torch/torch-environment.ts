import type { PickleEnvironment } from '../pickle/unpickle.js';
import { PickleDict, PickleGlobal, PickleObject, PickleTuple, type PickleValue, typeName } from '../pickle/values.js';
import { damaged, type Fail } from './damaged.js';

/** Memory that tensors show: a run of elements of one type, known by its key. */
export class StorageReference extends PickleObject {
  readonly kind = 'storage';
  constructor(
    readonly key: string,
    /** Element type as safetensors calls it: `F32`. */
    readonly stored: string,
    readonly elements: number,
  ) {
    super();
  }
}

/** A view of a storage. Element `i` along every axis is at `offset + Σ i · stride`, which is inside the storage. */
export class TensorReference extends PickleObject {
  readonly kind = 'tensor';
  constructor(
    readonly storage: StorageReference,
    readonly offset: number,
    readonly dims: readonly number[],
    readonly strides: readonly number[],
  ) {
    super();
  }
}

/** Element types by PyTorch's name for a storage of them. */
const storageTypes: ReadonlyMap<string, string> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);

/** PyTorch allows 64 axes. */
const maxRank = 64;
/** Pairs that `OrderedDict(pairs)` may copy in total, so that one list cannot be copied over and over. */
const maxCopiedPairs = 1_000_000;

/** The names that `torch.save` of a state dict uses, and nothing else. */
export class TorchEnvironment implements PickleEnvironment {
  private readonly globals: ReadonlyMap<string, PickleGlobal>;
  private readonly fail: Fail;
  private readonly mentioned: StorageReference[] = [];
  private copiedPairs = 0;

  constructor(subject: string) {
    const fail = damaged(subject);
    this.fail = (problem) => fail(`the pickle ${problem}`);
    const globals = [
      new PickleGlobal('collections.OrderedDict', (args) => this.orderedDict(args)),
      new PickleGlobal('torch._utils._rebuild_tensor', (args) => this.tensor(args)),
      new PickleGlobal('torch._utils._rebuild_tensor_v2', (args) => this.tensorWithFlags(args)),
      new PickleGlobal('torch._utils._rebuild_parameter', (args) => this.parameter(args)),
      ...Array.from(storageTypes.keys(), (name) => new PickleGlobal(name)),
    ];
    this.globals = new Map(globals.map((global) => [global.name, global]));
  }

  /** Every storage that was mentioned, in order, as often as it was. */
  get storages(): readonly StorageReference[] {
    return this.mentioned;
  }

  findGlobal(name: string): PickleGlobal | undefined {
    return this.globals.get(name);
  }

  /** `('storage', type, key, location, elements)`, and in the old format a sixth item that must be `None`. */
  loadPersistent(id: PickleValue): PickleValue {
    const items = id instanceof PickleTuple ? id.items : [];
    const [tag, type, key, , elements, view = null] = items;
    const stored = type instanceof PickleGlobal ? storageTypes.get(type.name) : undefined;
    if (tag !== 'storage' || stored === undefined || typeof key !== 'string' || !isSize(elements)) {
      return this.fail('holds a persistent id that is no storage');
    }
    if (view !== null || items.length > 6) {
      this.fail('shows a part of a storage in the way of PyTorch 0.3; save it again with a newer one');
    }
    const storage = new StorageReference(key, stored, elements);
    this.mentioned.push(storage);
    return storage;
  }

  private orderedDict(args: readonly PickleValue[]): PickleValue {
    const dict = new PickleDict();
    const [pairs = []] = args;
    if (args.length > 1 || !Array.isArray(pairs)) return this.fail('makes an OrderedDict of something odd');
    this.copiedPairs += pairs.length;
    if (this.copiedPairs > maxCopiedPairs) this.fail(`copies more than ${maxCopiedPairs} dictionary items`);
    for (const pair of pairs) {
      const [key, value] = Array.isArray(pair) ? pair : pair instanceof PickleTuple ? pair.items : [];
      if (typeof key !== 'string' || value === undefined) return this.fail('makes an OrderedDict of something odd');
      dict.entries.set(key, value);
    }
    return dict;
  }

  /** `(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])` */
  private tensorWithFlags(args: readonly PickleValue[]): PickleValue {
    const metadata = args[6] ?? null;
    if (args.length < 6 || args.length > 7) return this.fail(`makes a tensor of ${args.length} arguments`);
    // The bits for conjugate and negative views live here; ignoring them would change the numbers.
    if (metadata !== null && !(metadata instanceof PickleDict && metadata.entries.size === 0)) {
      return this.fail('makes a tensor with view flags; save it again with `.resolve_neg()`');
    }
    return this.tensor(args.slice(0, 4));
  }

  /** `(storage, offset, size, stride)` */
  private tensor(args: readonly PickleValue[]): PickleValue {
    const [storage, offset, size, stride] = args;
    const dims = size instanceof PickleTuple ? size.items : undefined;
    const strides = stride instanceof PickleTuple ? stride.items : undefined;
    if (!(storage instanceof StorageReference) || !isSize(offset) || args.length !== 4) {
      return this.fail(`makes a tensor of a ${typeName(storage)} and a ${typeName(offset)}`);
    }
    if (!areSizes(dims) || !areSizes(strides) || dims.length !== strides.length || dims.length > maxRank) {
      return this.fail('makes a tensor whose size or stride is not a tuple of whole numbers');
    }
    if (dims.includes(0)) return new TensorReference(storage, 0, dims, strides);
    const last = dims.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, offset);
    if (!(last < storage.elements)) {
      return this.fail(
        `makes a tensor of shape [${dims.join(', ')}] beyond its storage of ${storage.elements} elements`,
      );
    }
    return new TensorReference(storage, offset, dims, strides);
  }

  /** `(data, requires_grad, backward_hooks)` */
  private parameter(args: readonly PickleValue[]): PickleValue {
    const [data] = args;
    if (args.length !== 3 || !(data instanceof TensorReference))
      return this.fail(`makes a parameter of a ${typeName(data)}`);
    return data;
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const areSizes = (values: readonly PickleValue[] | undefined): values is readonly number[] =>
  values !== undefined && values.length <= maxRank && values.every(isSize);
