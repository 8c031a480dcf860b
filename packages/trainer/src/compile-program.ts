import { grad, hasOwnGradient, influencedBy } from '@zooid/autodiff';
import { type DeclaredParameter, GraphBuilder, type ParameterView } from '@zooid/nn';
import {
  checkGraph,
  type Graph,
  GraphError,
  intAttribute,
  pruneGraph,
  selectEarly,
  type Value,
  writeModel,
} from '@zooid/onnx';
import type { GradientSource, ProgramChain, TrainingProgram } from '@zooid/runtime';
import type { HostTensor } from '@zooid/tensor';
import { chainOf, type NamedValue } from './compile/chain.js';
import type { ModelBuilder } from './model-builder.js';

export interface CompileOptions {
  /** Unique within a session. */
  readonly name: string;
  readonly build: ModelBuilder;
  /** `train` turns dropout on and adds gradients; `evaluate` computes outputs, and the loss if the model has one. */
  readonly mode: 'train' | 'evaluate';
  /** Parameters that get a gradient; default: all. Ignored in `evaluate`. */
  readonly trainable?: (parameterName: string) => boolean;
  /** Seen wherever a parameter is used: masks, low-rank updates. */
  readonly parameterView?: ParameterView;
  /**
   * What a training program does about activations: `none` keeps them all for the backward pass; `layers` keeps what
   * passes between layers and computes the inside of each layer a second time, for a third more time in much less
   * memory. The gradients are the same. Default `none`.
   */
  readonly recompute?: 'none' | 'layers';
  /** Names of the model's outputs that can be fetched; default: all when evaluating, none when training. */
  readonly outputs?: readonly string[];
}

export interface CompiledProgram {
  readonly program: TrainingProgram;
  /** Every parameter the program reads, in order of first use. */
  readonly parameters: readonly DeclaredParameter[];
}

/**
 * Turns a model into a program of a training session: forward, loss and gradients as one graph whose parameters are
 * inputs. Embedding tables that are only ever gathered by a batch input get row gradients, which the host scatters.
 *
 * @throws GraphError when training a model without a scalar loss, or when the graph would be unsafe to train on.
 */
export function compileProgram(options: CompileOptions): CompiledProgram {
  const training = options.mode === 'train';
  const builder = new GraphBuilder({
    training,
    ...(options.parameterView === undefined ? {} : { parameterView: options.parameterView }),
  });
  const model = options.build(builder);
  const { graph } = builder;
  if (training && model.loss === undefined)
    throw new GraphError(`The program '${options.name}' cannot train: its model has no loss`);
  if (model.loss !== undefined && model.loss.rank !== 0) {
    throw new GraphError(`The loss of '${options.name}' must be a scalar, got shape [${model.loss.shape.join(', ')}]`);
  }

  const outputs = options.outputs ?? (training ? [] : Object.keys(model.outputs));
  const outputValues = outputs.map((name) => requireOutput(model.outputs, name, options.name));
  const needed = model.loss === undefined ? outputValues : [model.loss, ...outputValues];
  selectEarly(graph, { needed, opaque: hasOwnGradient });

  const forward = graph.nodes.length;
  const recompute = training && options.recompute === 'layers';
  const cuts = recompute ? liveCuts(builder, needed) : [];
  const gradients = training ? emitGradients(builder, model.loss!, cuts, options.trainable ?? (() => true)) : undefined;
  const results: NamedValue[] = [
    ...(model.loss === undefined ? [] : [{ name: 'loss', value: model.loss }]),
    ...outputs.map((name, i) => ({ name, value: outputValues[i]! })),
    ...(gradients?.results ?? []),
  ];
  const compiled =
    cuts.length === 0
      ? wholeModel(graph, results)
      : chainModel(chainOf({ graph, forward, cuts, cotangents: gradients!.cotangents, results }));
  const parameters = builder.parameters.filter(({ name }) => compiled.reads(name));
  return {
    parameters,
    program: {
      name: options.name,
      model: compiled.model,
      inputs: builder.inputs
        .filter(({ name }) => compiled.reads(name))
        .map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      randoms: builder.dropouts
        .filter(({ name }) => compiled.reads(name))
        .map((input) => ({ ...input, kind: 'dropout' as const })),
      scalars: builder.scalars.filter(compiled.reads),
      parameters: parameters.map(({ name }) => name),
      gradients: gradients?.sources ?? [],
      ...(model.loss === undefined ? {} : { loss: 'loss' }),
      outputs,
    },
  };
}

interface CompiledModel {
  readonly model: Uint8Array | ProgramChain;
  readonly reads: (input: string) => boolean;
}

function wholeModel(graph: Graph, results: readonly NamedValue[]): CompiledModel {
  for (const { name, value } of results) graph.output(value, name);
  const pruned = pruneGraph(graph);
  checkGraph(pruned);
  const inputs = new Set(pruned.inputs.map(({ name }) => name));
  return { model: writeModel(pruned), reads: (name) => inputs.has(name) };
}

function chainModel(model: ProgramChain): CompiledModel {
  const inputs = new Set(model.runs.flatMap((run) => Object.values(run.inputs)));
  return { model, reads: (name) => inputs.has(name) };
}

/** Boundaries of the network that the results depend on, in order. */
function liveCuts({ graph, boundaries }: GraphBuilder, needed: readonly Value[]): Value[] {
  const live = new Set<Value>(needed);
  for (const { inputs, outputs } of graph.nodes.toReversed()) {
    if (outputs.some((value) => live.has(value))) for (const value of inputs) if (value !== null) live.add(value);
  }
  return [...new Set(boundaries)].filter((value) => live.has(value));
}

export interface InferenceOptions {
  readonly build: ModelBuilder;
  /** The model's outputs to keep, in order. */
  readonly outputs: readonly string[];
  /** Every parameter the outputs need, under the names the modules declare. */
  readonly weights: ReadonlyMap<string, HostTensor<'float32'>>;
}

/**
 * The plain inference graph with its weights inside: what a model folder serves. Like a program it computes only the
 * rows that are read, of a classifier on the first token most of the last layer for that token alone.
 */
export function compileInference({ build, outputs, weights }: InferenceOptions): Graph {
  const builder = new GraphBuilder({ weights });
  const { graph } = builder;
  const model = build(builder);
  const values = outputs.map((name) => requireOutput(model.outputs, name, 'inference'));
  selectEarly(graph, { needed: values });
  outputs.forEach((name, i) => {
    graph.output(values[i]!, name);
  });
  return pruneGraph(graph);
}

interface EmittedGradients {
  readonly sources: readonly GradientSource[];
  readonly results: readonly NamedValue[];
  /** The total cotangents of the cuts that gradients pass through. */
  readonly cotangents: ReadonlyMap<Value, number>;
}

function emitGradients(
  builder: GraphBuilder,
  loss: Value,
  cuts: readonly Value[],
  trainable: (name: string) => boolean,
): EmittedGradients {
  const { graph } = builder;
  const names = builder.parameters.map(({ name }) => name).filter(trainable);
  const wrt = names.map((name) => builder.weight(name));
  // A cut below everything trainable must not become a reason to differentiate down to it.
  const active = influencedBy(graph, wrt);
  const passed = cuts.filter((cut) => active.has(cut));
  const gradients = grad(graph, loss, [...wrt, ...passed], { rows: rowTables(builder, wrt) });
  const results: NamedValue[] = [];
  const named = (name: string, value: Value): string => {
    results.push({ name, value });
    return name;
  };
  // The tables of a sum of embeddings have the same gradient rows.
  const rowNames = new Map<Value, string>();
  const rowsNamed = (name: string, value: Value): string => {
    const known = rowNames.get(value) ?? named(name, value);
    rowNames.set(value, known);
    return known;
  };
  const sources = names.flatMap((parameter, i): GradientSource[] => {
    const { dense, rows } = gradients[i]!;
    if (dense === undefined && rows.length === 0) return []; // does not influence the loss
    return [
      {
        parameter,
        ...(dense === undefined ? {} : { dense: named(`grad:${parameter}`, dense) }),
        ...(rows.length === 0
          ? {}
          : {
              rows: rows.map(({ indices, values }, part) => ({
                indices: indices.name,
                values: rowsNamed(`rows:${parameter}:${part}`, values),
              })),
            }),
      },
    ];
  });
  const cotangents = new Map<Value, number>();
  passed.forEach((cut, i) => {
    const total = gradients[wrt.length + i]!.dense;
    if (total !== undefined) cotangents.set(total, cuts.indexOf(cut));
  });
  return { sources, results, cotangents };
}

/** Tables gathered along axis 0 by batch inputs only: the host knows which rows a gradient belongs to. */
function rowTables(builder: GraphBuilder, candidates: readonly Value[]): Set<Value> {
  const batchInputs = new Set<Value | null>(builder.inputs.map(({ value }) => value));
  const tables = new Set<Value>(candidates);
  for (const { op, inputs, attributes } of builder.graph.nodes) {
    const [table, indices] = inputs;
    if (op === 'Gather' && intAttribute(attributes, 'axis', 0) === 0 && !batchInputs.has(indices!))
      tables.delete(table!);
  }
  return tables;
}

function requireOutput(outputs: Readonly<Record<string, Value>>, name: string, program: string): Value {
  const value = outputs[name];
  if (value === undefined) {
    throw new GraphError(
      `The program '${program}' wants the output '${name}'; its model has ${Object.keys(outputs).join(', ')}`,
    );
  }
  return value;
}
