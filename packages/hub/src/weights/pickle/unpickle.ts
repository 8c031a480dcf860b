import { CheckpointError } from '../../errors.js';
import { type Operation, operations, refusedOperations } from './operations.js';
import { PickleReader } from './pickle-reader.js';
import { PickleDict, PickleGlobal, type PickleKey, PickleTuple, type PickleValue, typeName } from './values.js';

/** What a pickle may mention besides plain data. Both throw to refuse. */
export interface PickleEnvironment {
  /** The object behind a name; `undefined` when it is not on the list. */
  findGlobal(name: string): PickleGlobal | undefined;
  /** The object behind a persistent id. */
  loadPersistent(id: PickleValue): PickleValue;
}

export interface UnpickleOptions {
  readonly subject: string;
  readonly environment: PickleEnvironment;
  /** Where the pickle begins; default 0. */
  readonly begin?: number;
}

/** Of a real checkpoint every tensor takes some 35 operations, so this is more than 50,000 tensors. */
const maxOperations = 2_000_000;
/** Values below each other; Python's own pickler puts at most a batch of 1,000 pairs there. */
const maxStack = 100_000;
/** Nested containers under construction. */
const maxDepth = 200;

/**
 * Interprets a pickle of protocol 2 to 5 that holds plain data and what `environment` offers, and nothing else: no name
 * outside the environment is looked up and nothing of another language runs. Time and memory are bounded by the pickle's length and
 * fixed limits.
 *
 * @returns the value, and the position after its STOP.
 * @throws CheckpointError naming the global that was wanted ('posix.system'), or what is damaged.
 * @throws PickleEndError when the bytes end before STOP.
 * @see Python's pickletools, which documents every operation
 */
export function unpickle(bytes: Uint8Array, options: UnpickleOptions): { value: PickleValue; end: number } {
  const machine = new PickleMachine(bytes, options);
  return { value: machine.run(), end: machine.reader.position };
}

/** The stack, the marks and the memo that operations work on. */
export class PickleMachine {
  readonly reader: PickleReader;
  readonly environment: PickleEnvironment;
  private readonly subject: string;
  private stack: PickleValue[] = [];
  /** Stacks below the open marks. */
  private readonly below: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();
  private depth = 0;

  constructor(bytes: Uint8Array, { subject, environment, begin = 0 }: UnpickleOptions) {
    this.subject = subject;
    this.environment = environment;
    this.reader = new PickleReader(bytes, begin, (problem) => this.fail(problem));
  }

  run(): PickleValue {
    if (this.reader.uint8() !== 0x80)
      this.fail('does not begin with a protocol number; only protocols 2 to 5 are read');
    const protocol = this.reader.uint8();
    if (protocol < 2 || protocol > 5) this.fail(`is of protocol ${protocol}; only protocols 2 to 5 are read`);
    for (let count = 0; count < maxOperations; count++) {
      const code = this.reader.uint8();
      if (code === stop) return this.pop();
      const operation: Operation | undefined = operations.get(code);
      if (operation === undefined) this.refuseOperation(code);
      operation(this);
    }
    return this.fail(`takes more than ${maxOperations} operations`);
  }

  push(value: PickleValue): void {
    if (this.stack.length + this.depth >= maxStack) this.fail(`stacks more than ${maxStack} values`);
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    return value === undefined ? this.fail('takes a value that is not there') : value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    return value === undefined ? this.fail('uses a value that is not there') : value;
  }

  mark(): void {
    if (this.below.length >= maxDepth) this.fail(`nests more than ${maxDepth} deep`);
    this.depth += this.stack.length;
    this.below.push(this.stack);
    this.stack = [];
  }

  /** Everything since the last mark, which goes away. */
  popMark(): PickleValue[] {
    const items = this.stack;
    const stack = this.below.pop();
    if (stack === undefined) return this.fail('closes a mark that was never set');
    this.stack = stack;
    this.depth -= stack.length;
    return items;
  }

  /** The last `length` values as a tuple. */
  popTuple(length: number): void {
    this.push(new PickleTuple(Array.from({ length }, () => this.pop()).reverse()));
  }

  remember(index = this.memo.size): void {
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    this.push(value === undefined ? this.fail(`recalls memo ${index}, which was never written`) : value);
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.fail(`appends to a ${typeName(list)}`);
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) this.fail(`sets items of a ${typeName(dict)}`);
    if (items.length % 2 !== 0) this.fail('sets a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.entries.set(this.key(items[i]!), items[i + 1]!);
  }

  /** `callable(*args)`, where both are on the stack. */
  reduce(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(callable instanceof PickleGlobal) || callable.call === undefined) {
      this.fail(`calls a ${typeName(callable)}; only tensors and plain data can be built`);
    }
    if (!(args instanceof PickleTuple)) this.fail(`calls ${callable.name} with a ${typeName(args)}`);
    this.push(callable.call(args.items));
  }

  /** Attributes set on an object: on an `OrderedDict`, where PyTorch keeps version numbers, they are dropped. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (!(target instanceof PickleDict) || !(state instanceof PickleDict)) {
      this.fail(`sets the state of a ${typeName(target)}; only tensors and plain data can be built`);
    }
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') this.fail('looks up a name that is not text');
    const full = `${module}.${name}`;
    const found = this.environment.findGlobal(full);
    if (found === undefined) this.refuseGlobal(full);
    else this.push(found);
  }

  refuseGlobal(name: string): never {
    // Printable ASCII alone: the name is a stranger's, and may end on a terminal.
    const shown = name.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
    throw new CheckpointError(
      `${this.subject}: the pickle asks for '${shown}', which is neither a tensor nor plain data, and was refused; ` +
        'nothing of it has run. Use a safetensors file of this model, or, if you trust where it comes from, ' +
        'convert it: load it in PyTorch and save its state_dict with safetensors.torch.save_file',
    );
  }

  fail(problem: string): never {
    throw new CheckpointError(
      `${this.subject}: the pickle ${problem}; the file is damaged or not a PyTorch checkpoint`,
    );
  }

  private refuseOperation(code: number): never {
    const name = refusedOperations.get(code);
    if (name === 'INST') this.refuseGlobal(`${this.reader.line()}.${this.reader.line()}`);
    return this.fail(
      name === undefined
        ? `holds an unknown operation 0x${code.toString(16).padStart(2, '0')}`
        : `uses ${name}, which tensors and plain data of protocols 2 to 5 do not need`,
    );
  }

  private key(value: PickleValue): PickleKey {
    if (value === null || typeof value !== 'object') return value;
    return this.fail(`has a ${typeName(value)} for a dictionary key`);
  }
}

const stop = 0x2e;
