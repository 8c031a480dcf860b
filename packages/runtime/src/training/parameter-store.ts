import { type ArenaSlot, allocateArena, hasWeightDecay, type KernelChoice } from '@zooid/optim';
import type { HostTensor } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import { Tensor } from '../ort.js';
import type { ParameterDeclaration, TrainingState } from '../training-program.js';
import { ActiveRows } from './active-rows.js';

/** A declaration without its numbers, which follow one by one. */
export type ParameterShape = Omit<ParameterDeclaration, 'data'>;

export interface StoredParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly group: string | undefined;
  readonly decays: boolean;
  readonly slot: ArenaSlot;
  readonly values: Float32Array<ArrayBuffer>;
  /** The live values as a graph input. */
  readonly tensor: Tensor;
  /** AdamW updates so far; enters the bias correction. */
  updates: number;
  readonly activeRows: ActiveRows;
}

/** Parameters and optimizer moments in memory that native code reads and the kernels update in place. */
export class ParameterStore {
  private readonly parameters: ReadonlyMap<string, StoredParameter>;
  /** Steps that updated anything. */
  updates = 0;

  constructor(declarations: readonly ParameterShape[], kernels: KernelChoice = 'auto') {
    const sizes = declarations.map(({ shape }) => shape.reduce((product, dim) => product * dim, 1));
    const slots = allocateArena(
      declarations.map(({ name, group }, i) => ({ name, size: sizes[i]!, trainable: group !== undefined })),
      { kernels },
    );
    this.parameters = new Map(
      declarations.map(({ name, shape, group }, i) => {
        const slot = slots.get(name)!;
        const values = slot.memory.view(slot.p, sizes[i]!);
        const tensor = new Tensor('float32', values, shape);
        const decays = hasWeightDecay(name, shape);
        const activeRows = new ActiveRows(group === undefined ? 0 : (shape[0] ?? 1));
        return [name, { name, shape, size: sizes[i]!, group, decays, slot, values, tensor, updates: 0, activeRows }];
      }),
    );
    if (this.parameters.size < declarations.length) throw new SessionError('Parameter names must be unique');
  }

  get(name: string): StoredParameter | undefined {
    return this.parameters.get(name);
  }

  [Symbol.iterator](): IterableIterator<StoredParameter> {
    return this.parameters.values();
  }

  hasGroup(group: string): boolean {
    return [...this.parameters.values()].some((parameter) => parameter.group === group);
  }

  load(name: string, data: Float32Array): void {
    const parameter = this.parameters.get(name);
    if (parameter === undefined) throw new SessionError(`Unknown parameter '${name}'`);
    expectLength(parameter, data, 'value');
    parameter.values.set(data);
  }

  export(withMoments: boolean): TrainingState {
    const parameters = new Map<string, HostTensor<'float32'>>();
    const moments = new Map<string, { m: Float32Array; v: Float32Array; updates: number }>();
    for (const { name, shape, size, slot, values, updates } of this) {
      parameters.set(name, { dtype: 'float32', dims: shape, data: values.slice() });
      if (!withMoments || slot.state === undefined) continue;
      const { m, v } = slot.state;
      moments.set(name, { m: slot.memory.view(m, size).slice(), v: slot.memory.view(v, size).slice(), updates });
    }
    return { parameters, moments, updates: this.updates };
  }

  /** Checks everything before it changes anything. */
  import(state: TrainingState): void {
    for (const parameter of this) {
      const tensor = state.parameters.get(parameter.name);
      if (tensor === undefined) throw new SessionError(`The state lacks parameter '${parameter.name}'`);
      if (tensor.dims.join() !== parameter.shape.join()) {
        throw new SessionError(
          `Expected parameter '${parameter.name}' to have shape [${parameter.shape}], the state has [${tensor.dims}]`,
        );
      }
      expectLength(parameter, tensor.data, 'value');
      const moments = state.moments.get(parameter.name);
      if (moments !== undefined) {
        expectLength(parameter, moments.m, 'first moment');
        expectLength(parameter, moments.v, 'second moment');
      }
    }
    for (const name of [...state.parameters.keys(), ...state.moments.keys()]) {
      if (!this.parameters.has(name)) throw new SessionError(`The state holds '${name}', which this session lacks`);
    }
    for (const parameter of this) this.restore(parameter, state);
    this.updates = state.updates;
  }

  private restore(parameter: StoredParameter, state: TrainingState): void {
    parameter.values.set(state.parameters.get(parameter.name)!.data);
    const { memory, state: offsets } = parameter.slot;
    if (offsets === undefined) return;
    parameter.activeRows.forget();
    const moments = state.moments.get(parameter.name);
    const m = memory.view(offsets.m, parameter.size);
    const v = memory.view(offsets.v, parameter.size);
    if (moments === undefined) {
      m.fill(0);
      v.fill(0);
      parameter.updates = 0;
    } else {
      m.set(moments.m);
      v.set(moments.v);
      parameter.updates = moments.updates ?? state.updates;
    }
  }
}

function expectLength({ name, size }: StoredParameter, data: Float32Array, what: string): void {
  if (data.length !== size) {
    throw new SessionError(`Expected ${size} elements in the ${what} of parameter '${name}', got ${data.length}`);
  }
}
