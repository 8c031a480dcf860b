import { grad, hasOwnGradient } from '@zooid/autodiff';
import { type DeclaredParameter, GraphBuilder, type ParameterView } from '@zooid/nn';
import { checkGraph, type Graph, GraphError, intAttribute, pruneGraph, selectEarly, type Value, writeModel } from '@zooid/onnx';
import type { GradientSource, TrainingProgram } from '@zooid/runtime';
import type { HostTensor } from '@zooid/tensor';
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

  const lossName = model.loss === undefined ? undefined : graph.output(model.loss, 'loss').name;
  const gradients = training ? emitGradients(builder, model.loss!, options.trainable ?? (() => true)) : [];
  outputs.forEach((name, i) => graph.output(outputValues[i]!, name));

  const pruned = pruneGraph(graph);
  checkGraph(pruned);
  const used = new Set(pruned.inputs.map(({ name }) => name));
  const parameters = builder.parameters.filter(({ name }) => used.has(name));
  return {
    parameters,
    program: {
      name: options.name,
      model: writeModel(pruned),
      inputs: builder.inputs
        .filter(({ name }) => used.has(name))
        .map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      randoms: builder.dropouts
        .filter(({ name }) => used.has(name))
        .map((input) => ({ ...input, kind: 'dropout' as const })),
      scalars: builder.scalars.filter((name) => used.has(name)),
      parameters: parameters.map(({ name }) => name),
      gradients,
      ...(lossName === undefined ? {} : { loss: lossName }),
      outputs,
    },
  };
}

export interface InferenceOptions {
  readonly build: ModelBuilder;
  /** The model's outputs to keep, in order. */
  readonly outputs: readonly string[];
  /** Every parameter the outputs need, under the names the modules declare. */
  readonly weights: ReadonlyMap<string, HostTensor<'float32'>>;
}

/** The plain inference graph with its weights inside: what a model folder serves. */
export function compileInference({ build, outputs, weights }: InferenceOptions): Graph {
  const builder = new GraphBuilder({ weights });
  const model = build(builder);
  for (const name of outputs) builder.graph.output(requireOutput(model.outputs, name, 'inference'), name);
  return pruneGraph(builder.graph);
}

function emitGradients(builder: GraphBuilder, loss: Value, trainable: (name: string) => boolean): GradientSource[] {
  const names = builder.parameters.map(({ name }) => name).filter(trainable);
  const wrt = names.map((name) => builder.weight(name));
  const gradients = grad(builder.graph, loss, wrt, { rows: rowTables(builder, wrt) });
  return names.flatMap((parameter, i) => {
    const { dense, rows } = gradients[i]!;
    if (dense === undefined && rows.length === 0) return []; // does not influence the loss
    return [
      {
        parameter,
        ...(dense === undefined ? {} : { dense: builder.graph.output(dense, `grad:${parameter}`).name }),
        ...(rows.length === 0
          ? {}
          : {
              rows: rows.map(({ indices, values }, part) => ({
                indices: indices.name,
                values: builder.graph.output(values, `rows:${parameter}:${part}`).name,
              })),
            }),
      },
    ];
  });
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
