import type { StepRequest, StepResult, TrainingSession, TrainingState } from '@zooid/runtime';
import { Random, type TensorMap } from '@zooid/tensor';

/**
 * A training session in plain JavaScript for tests of the loop: fits `y = w·x` by Adam under seeded input noise. Like
 * the real one, a step is a function of the state, the request, the seed and the step number.
 */
export class LinearSession implements TrainingSession {
  w = new Float32Array(3);
  private m = new Float32Array(3);
  private v = new Float32Array(3);
  private updates = 0;
  readonly requests: StepRequest[] = [];

  constructor(private readonly seed = 0) {}

  async step(request: StepRequest): Promise<StepResult> {
    this.requests.push(request);
    const gradient = new Float64Array(3);
    let loss = 0;
    const totalWeight = request.microBatches.reduce((sum, { weight }) => sum + weight, 0);
    for (const [index, { feeds, weight }] of request.microBatches.entries()) {
      const random = new Random(this.seed).fork('noise', request.step, index);
      const part = this.lossOf(feeds, (x) => x * (1 + 0.01 * (random.uniform() - 0.5)), gradient, weight / totalWeight);
      loss += (part * weight) / totalWeight;
    }
    const gradientNorm = Math.hypot(...gradient);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))
      return { loss, gradientNorm, updated: false, outputs: [] };
    this.updates++;
    const rate = request.learningRates.default ?? 0;
    for (let i = 0; i < 3; i++) {
      this.m[i] = 0.9 * this.m[i]! + 0.1 * gradient[i]!;
      this.v[i] = 0.999 * this.v[i]! + 0.001 * gradient[i]! ** 2;
      const unbiased = this.m[i]! / (1 - 0.9 ** this.updates);
      this.w[i]! -= (rate * unbiased) / (Math.sqrt(this.v[i]! / (1 - 0.999 ** this.updates)) + 1e-8);
    }
    return { loss, gradientNorm, updated: true, outputs: [] };
  }

  async evaluate(_program: string, feeds: TensorMap): Promise<TensorMap> {
    const loss = this.lossOf(feeds, (x) => x);
    return { loss: { dtype: 'float32', dims: [], data: Float32Array.of(loss) } };
  }

  async gradients(): Promise<never> {
    throw new Error('not needed here');
  }

  async addProgram(): Promise<void> {}

  async exportState({ moments = true } = {}): Promise<TrainingState> {
    return {
      parameters: new Map([['w', { dtype: 'float32', dims: [3], data: this.w.slice() }]]),
      moments: new Map(moments ? [['w', { m: this.m.slice(), v: this.v.slice() }]] : []),
      updates: this.updates,
    };
  }

  async importState({ parameters, moments, updates }: TrainingState): Promise<void> {
    this.w = parameters.get('w')!.data.slice();
    const saved = moments.get('w');
    this.m = saved?.m.slice() ?? new Float32Array(3);
    this.v = saved?.v.slice() ?? new Float32Array(3);
    this.updates = updates;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  private lossOf(feeds: TensorMap, disturb: (x: number) => number, gradient?: Float64Array, share = 1): number {
    const x = feeds.x!.data as Float32Array;
    const y = feeds.y!.data as Float32Array;
    let loss = 0;
    for (let row = 0; row < y.length; row++) {
      const inputs = [0, 1, 2].map((i) => disturb(x[row * 3 + i]!));
      const error = inputs.reduce((sum, value, i) => sum + value * this.w[i]!, 0) - y[row]!;
      loss += error ** 2 / y.length;
      if (gradient !== undefined)
        for (let i = 0; i < 3; i++) gradient[i]! += (share * 2 * error * inputs[i]!) / y.length;
    }
    return loss;
  }
}

/** A row of the regression problem; `length` varies, so that buckets have something to do. */
export interface LinearRow {
  readonly length: number;
  readonly x: readonly number[];
  readonly y: number;
}

export function linearRows(count: number, seed = 1): LinearRow[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const x = [random.normal(), random.normal(), random.normal()];
    return { length: 3 + random.int(20), x, y: 2 * x[0]! - x[1]! + 0.5 * x[2]! };
  });
}

/** Batches of rows; `noise` jitters the targets, drawn from the batch's own stream. */
export function collateLinear(rows: readonly LinearRow[], noise: number, random: Random): TensorMap {
  return {
    x: { dtype: 'float32', dims: [rows.length, 3], data: Float32Array.from(rows.flatMap(({ x }) => x)) },
    y: { dtype: 'float32', dims: [rows.length], data: Float32Array.from(rows, ({ y }) => y + noise * random.normal()) },
  };
}
