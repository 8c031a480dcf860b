import type { AdamWCoefficients } from '@zooid/optim';
import { SessionError } from '../errors.js';
import type { ParameterStore, StoredParameter } from './parameter-store.js';
import type { SpareGradients } from './scratch.js';

/**
 * Gradients of one step, in the arena beside their parameters.
 *
 * A gradient that comes only as rows of an embedding is kept sparse: clearing it, and its part of the norm, cost
 * what the touched rows cost and not the table.
 */
export class GradientStore {
  private readonly entries = new Map<string, GradientEntry>();

  constructor(parameters: ParameterStore) {
    for (const parameter of parameters) {
      if (parameter.slot.state !== undefined) this.entries.set(parameter.name, new GradientEntry(parameter));
    }
  }

  /** `undefined` for frozen parameters. */
  get(name: string): GradientEntry | undefined {
    return this.entries.get(name);
  }

  /** Entries that got a gradient since `beginStep`, in declaration order. */
  *written(): IterableIterator<GradientEntry> {
    for (const entry of this.entries.values()) if (entry.written) yield entry;
  }

  beginStep(): void {
    for (const entry of this.entries.values()) entry.beginStep();
  }

  /** √Σ g² over everything written. */
  norm(): number {
    let sum = 0;
    for (const entry of this.written()) sum += entry.sumOfSquares();
    return Math.sqrt(sum);
  }
}

/** The gradient of one parameter. */
export class GradientEntry {
  written = false;
  readonly values: Float32Array<ArrayBuffer>;
  readonly offset: number;
  /** What the buffer held at the end of the last step. */
  private content: 'zeros' | 'rows' | 'dense' = 'zeros';
  private readonly width: number;
  private touched: number[] = [];
  /** Per row, whether it is in `touched`; made on first use. */
  private isTouched: Uint8Array | undefined;
  private second: Float32Array<ArrayBuffer> | undefined;

  constructor(readonly parameter: StoredParameter) {
    const { slot, size, shape } = parameter;
    this.offset = slot.state!.g;
    this.values = slot.memory.view(this.offset, size);
    this.width = shape.length > 0 ? size / (shape[0] ?? 1) : 1;
  }

  beginStep(): void {
    this.written = false;
  }

  /**
   * Where the next run should write a dense gradient: the gradient itself when it is the first contribution of the
   * step, else spare memory that `acceptDense` adds.
   */
  denseTarget(spare: SpareGradients): Float32Array<ArrayBuffer> {
    this.second = this.written ? spare.take(this.parameter.size) : undefined;
    return this.second ?? this.values;
  }

  /** Takes what a run wrote to `denseTarget`, times `weight`. */
  acceptDense(weight: number): void {
    const { memory } = this.parameter.slot;
    if (this.second !== undefined) memory.addScaled(this.offset, this.second, weight);
    else if (weight !== 1) memory.kernels.scale(this.offset, this.parameter.size, weight);
    this.second = undefined;
    this.forgetRows();
    this.written = true;
    this.content = 'dense';
  }

  /** Adds row i of `values` `[rows, width]` to row `indices[i]`. */
  acceptRows(indices: Int32Array, values: Float32Array): void {
    const { name, shape, slot } = this.parameter;
    const rows = shape[0] ?? 0;
    if (values.length !== indices.length * this.width) {
      throw new SessionError(
        `Expected ${indices.length} rows of ${this.width} for the gradient of '${name}', got ${values.length} elements`,
      );
    }
    for (const row of indices) {
      if (row < 0 || row >= rows) throw new SessionError(`Row ${row} is outside parameter '${name}' with ${rows} rows`);
    }
    if (!this.written) this.clear();
    slot.memory.scatterAddRows(this.offset, indices, values, this.width);
    this.written = true;
    if (this.content !== 'dense') {
      this.content = 'rows';
      this.touch(indices, rows);
    }
  }

  /** One AdamW update of the parameter by this gradient. */
  update(coefficients: AdamWCoefficients): void {
    const { slot, size, activeRows } = this.parameter;
    const { kernels } = slot.memory;
    const { g, m, v } = slot.state!;
    if (!this.hasAlignedRows) {
      activeRows.activateAll();
      kernels.adamw(slot.p, g, m, v, size, coefficients);
      return;
    }
    const moments = { m: slot.memory.view(m, size), v: slot.memory.view(v, size) };
    for (const { start, end, active } of activeRows.runs(this.touched, moments)) {
      const count = (end - start) * this.width;
      const at = 4 * start * this.width;
      if (active) kernels.adamw(slot.p + at, g + at, m + at, v + at, count, coefficients);
      else if (coefficients.decay !== 1) kernels.scale(slot.p + at, count, coefficients.decay);
    }
  }

  sumOfSquares(): number {
    const { kernels } = this.parameter.slot.memory;
    if (!this.hasAlignedRows) return kernels.sumOfSquares(this.offset, this.parameter.size);
    let sum = 0;
    for (const row of this.touched) sum += kernels.sumOfSquares(this.offset + 4 * row * this.width, this.width);
    return sum;
  }

  /** Whether only some rows are other than zero, and kernels, which work on aligned blocks of four, can take rows one by one. */
  private get hasAlignedRows(): boolean {
    return this.content === 'rows' && this.width % 4 === 0;
  }

  private clear(): void {
    if (this.content === 'dense') this.values.fill(0);
    else for (const row of this.touched) this.values.fill(0, row * this.width, (row + 1) * this.width);
    this.forgetRows();
    this.content = 'zeros';
  }

  private touch(indices: Int32Array, rows: number): void {
    this.isTouched ??= new Uint8Array(rows);
    const isTouched = this.isTouched;
    for (const row of indices) {
      if (isTouched[row] === 0) {
        isTouched[row] = 1;
        this.touched.push(row);
      }
    }
  }

  private forgetRows(): void {
    for (const row of this.touched) this.isTouched![row] = 0;
    this.touched = [];
  }
}

/** int64 indices as int32 rows of a table of `size` rows; negative ones count from the end, as in Gather. */
export function toRows(indices: BigInt64Array, size: number): Int32Array {
  // Little-endian words: the low half holds the index, the high half its sign.
  const words = new Int32Array(indices.buffer, indices.byteOffset, 2 * indices.length);
  const rows = new Int32Array(indices.length);
  for (let i = 0; i < rows.length; i++) {
    const low = words[2 * i]!;
    rows[i] = low < 0 && words[2 * i + 1] === -1 ? low + size : low;
  }
  return rows;
}
