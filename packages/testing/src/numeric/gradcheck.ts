import { grad } from '@zooid/autodiff';
import { Graph, pruneGraph, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type HostTensor, Random, type Shape, type TensorMap, tensor, zeros } from '@zooid/tensor';

export interface GradientCheckOptions {
  /** float32 tensors to differentiate by. Small: every element costs two evaluations. */
  readonly inputs: TensorMap;
  /** Further inputs, held fixed. */
  readonly constants?: TensorMap;
  /** Symbolic shapes of inputs, by name; default: their dims. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Emits the function under test. Called many times, so it must not name values itself. */
  readonly build: (values: Readonly<Record<string, Value>>, graph: Graph) => Value | readonly Value[];
  /** Returned as row gradients by `grad` and scattered here. */
  readonly rows?: readonly string[];
  /** Step of the central differences. Default 1e-2, where float32 rounding and truncation are about equally small. */
  readonly step?: number;
}

export interface GradientComparison {
  readonly input: string;
  /** From the VJP rules. */
  readonly analytic: HostTensor<'float32'>;
  /** From central differences. */
  readonly numeric: HostTensor<'float32'>;
  /** Largest `|analytic − numeric| / (1 + |numeric|)`. */
  readonly worst: number;
}

/**
 * Compares the gradients that `grad` emits with central differences, element by element. The outputs are weighted by
 * fixed random numbers and summed, so that every one of them counts.
 *
 * All evaluations are copies of the function in one graph, which makes one session out of hundreds.
 */
export async function checkGradients(options: GradientCheckOptions): Promise<readonly GradientComparison[]> {
  const { inputs, constants = {}, shapes = {}, step = 1e-2 } = options;
  const graph = new Graph();
  const feeds: Record<string, HostTensor> = {};
  const declare = (name: string, data: HostTensor, feed = name): Value => {
    feeds[feed] = data;
    return graph.input(feed, data.dtype, shapes[name] ?? data.dims);
  };
  const fixed = Object.fromEntries(Object.entries(constants).map(([name, data]) => [name, declare(name, data)]));
  const base = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, declare(name, data)]));
  const evaluate = (values: Record<string, Value>, label: string) =>
    [options.build(values, graph)].flat().map((output, i) => graph.output(output, `${label}/${i}`));

  const outputs = evaluate({ ...fixed, ...base }, 'base');
  // The weights must have the outputs' shapes, which may be known only at run time: feed what a first run finds.
  const dims = await outputDims(graph, feeds, outputs);
  const weights = outputs.map(({ name }, i) => {
    const random = new Random(7).fork(name);
    return tensor(
      'float32',
      Array.from({ length: product(dims[i]!) }, () => random.normal()),
      dims[i]!,
    );
  });
  const loss = outputs
    .map((output, i) => output.mul(graph.initializer(`weights/${i}`, weights[i]!)))
    .map((weighted) =>
      weighted.rank === 0
        ? weighted
        : weighted.sum(
            weighted.shape.map((_, axis) => axis),
            false,
          ),
    )
    .reduce((a, b) => a.add(b));

  const names = Object.keys(inputs);
  const rowTables = (options.rows ?? []).map((name) => base[name]!);
  const gradients = grad(
    graph,
    loss,
    names.map((name) => base[name]!),
    { rows: rowTables },
  );
  names.forEach((name, i) => {
    const { dense, rows } = gradients[i]!;
    if (dense !== undefined) graph.output(dense, `grad/${name}`);
    rows.forEach(({ indices, values }, part) => {
      graph.output(indices, `rows/${name}/${part}/indices`);
      graph.output(values, `rows/${name}/${part}/values`);
    });
  });
  for (const name of names) {
    const data = inputs[name]!.data as Float32Array;
    data.forEach((_, at) => {
      for (const sign of [1, -1]) {
        const moved = Float32Array.from(data);
        moved[at]! += sign * step;
        const label = `${name}@${at}${sign > 0 ? '+' : '-'}`;
        const value = declare(name, { ...inputs[name]!, data: moved } as HostTensor, label);
        evaluate({ ...fixed, ...base, [name]: value }, `out/${label}`);
      }
    });
  }

  const results = await runModel(writeModel(pruneGraph(graph, { keepInputs: true })), feeds);
  /** Σ output · weight in double precision, so that summing adds no noise to the differences. */
  const lossOf = (label: string) =>
    weights.reduce((sum, weight, i) => {
      const values = results[`out/${label}/${i}`]!.data as Float32Array;
      return sum + weight.data.reduce((part, w, at) => part + w * values[at]!, 0);
    }, 0);
  return names.map((name, i) => {
    const source = inputs[name]!;
    const analytic = gradientFrom(results, name, source, gradients[i]!.rows.length);
    const differences = (source.data as Float32Array).map(
      (_, at) => (lossOf(`${name}@${at}+`) - lossOf(`${name}@${at}-`)) / (2 * step),
    );
    const worst = differences.reduce(
      (max, n, at) => Math.max(max, Math.abs(analytic.data[at]! - n) / (1 + Math.abs(n))),
      0,
    );
    return { input: name, analytic, numeric: tensor('float32', differences, source.dims), worst };
  });
}

/** The dense part plus the row parts, added up. */
function gradientFrom(results: TensorMap, name: string, like: HostTensor, parts: number): HostTensor<'float32'> {
  const total = zeros('float32', like.dims);
  const dense = results[`grad/${name}`];
  if (dense !== undefined) {
    if (dense.dims.join() !== like.dims.join())
      throw new RangeError(`The gradient of '${name}' has dims [${dense.dims}], not [${like.dims}]`);
    total.data.set(dense.data as Float32Array);
  }
  const width = product(like.dims.slice(1));
  for (let part = 0; part < parts; part++) {
    const indices = results[`rows/${name}/${part}/indices`]!.data as BigInt64Array;
    const values = results[`rows/${name}/${part}/values`]!.data as Float32Array;
    values.forEach((value, at) => {
      total.data[Number(indices[Math.floor(at / width)]!) * width + (at % width)]! += value;
    });
  }
  return total;
}

async function outputDims(graph: Graph, feeds: TensorMap, outputs: readonly Value[]): Promise<(readonly number[])[]> {
  const results = await runModel(writeModel(graph), feeds);
  return outputs.map(({ name }) => results[name]!.dims);
}

const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
