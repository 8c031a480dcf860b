import { type KernelMemory, paddedCount, randomState } from '@zooid/optim';
import type { TensorMap } from '@zooid/tensor';
import { Tensor, toFeeds } from '../ort.js';
import type { TrainingProgram } from '../training-program.js';
import type { OpenRun } from './program-session.js';
import type { Scratch } from './scratch.js';
import { bindInputs, product, resolveShape } from './symbols.js';

/** Names the dropout masks of one pass; `'keep'` drops nothing. */
export type Masks = { readonly seed: number; readonly step: number; readonly microBatch: number } | 'keep';

export interface FrameOptions {
  readonly program: TrainingProgram;
  readonly feeds: TensorMap;
  /** Parameters and scalars. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly masks: Masks;
  /** Sizes of further arrays for `allocate`. */
  readonly extra?: readonly number[];
  readonly scratch: Scratch;
}

/** What the runs of one pass read: feeds, parameters, masks, and the slots in which one run leaves what another reads. */
export class Frame {
  private readonly values: Record<string, Tensor>;
  private readonly slots: ReadonlyMap<string, Tensor>;
  private readonly masks: ReadonlyMap<
    string,
    { readonly index: number; readonly rate: number; readonly dims: number[] }
  >;
  private readonly memory: KernelMemory;
  /** Masks are drawn before each run, so runs share their room. */
  private readonly maskRoom: number;

  /** @throws SessionError when the feeds are not what the program declares. */
  constructor(
    private readonly options: FrameOptions,
    runs: readonly OpenRun[],
  ) {
    const { program, feeds, extra = [], scratch } = options;
    const bindings = bindInputs(program, feeds);
    this.masks = new Map(
      program.randoms.map(({ name, shape, rate }, index) => [
        name,
        { index, rate, dims: resolveShape(shape, bindings, `'${name}'`) },
      ]),
    );
    const maskCount = Math.max(0, ...runs.map((run) => this.maskCount(run)));
    const declared = program.model instanceof Uint8Array ? [] : program.model.slots;
    const shapes = declared.map(({ name, shape }) => ({ name, dims: resolveShape(shape, bindings, `'${name}'`) }));
    this.memory = scratch.begin([maskCount, ...shapes.map(({ dims }) => product(dims)), ...extra]);
    this.maskRoom = this.memory.allocate(maskCount);
    this.slots = new Map(shapes.map(({ name, dims }) => [name, this.tensor(this.allocate(product(dims)), dims)]));
    this.values = { ...options.inputs, ...toFeeds(feeds) };
  }

  /** Byte offset of one of the `extra` arrays, in order. */
  allocate(count: number): number {
    return this.memory.allocate(count);
  }

  tensor(offset: number, dims: readonly number[]): Tensor {
    return new Tensor('float32', this.view(offset, product(dims)), dims);
  }

  view(offset: number, count: number): Float32Array<ArrayBuffer> {
    return this.memory.view(offset, count);
  }

  scale(offset: number, count: number, factor: number): void {
    this.memory.kernels.scale(offset, count, factor);
  }

  /** Draws the run's masks and returns everything it reads, by graph input. */
  inputsOf(run: OpenRun): Record<string, Tensor> {
    let offset = this.maskRoom;
    return Object.fromEntries(
      run.inputs.map(([input, source]) => {
        const mask = this.masks.get(source);
        if (mask === undefined) return [input, this.slots.get(source) ?? this.values[source]!];
        const count = product(mask.dims);
        this.draw(offset, count, mask);
        const tensor = this.tensor(offset, mask.dims);
        offset += 4 * paddedCount(count);
        return [input, tensor];
      }),
    );
  }

  /** The array behind a slot; `undefined` for other names. */
  slot(name: string): Tensor | undefined {
    return this.slots.get(name);
  }

  private draw(
    offset: number,
    count: number,
    { index, rate }: { readonly index: number; readonly rate: number },
  ): void {
    const { masks } = this.options;
    if (masks === 'keep') this.view(offset, count).fill(1);
    else {
      const state = randomState(masks.seed, masks.step, masks.microBatch, index);
      this.memory.kernels.dropoutMask(offset, count, rate, state);
    }
  }

  private maskCount({ inputs }: OpenRun): number {
    return inputs.reduce((sum, [, source]) => {
      const mask = this.masks.get(source);
      return mask === undefined ? sum : sum + paddedCount(product(mask.dims));
    }, 0);
  }
}
