import { encoderFamily } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { type HostTensor, Random } from '@zooid/tensor';
import {
  compileInference,
  compileProgram,
  declareParameters,
  type EncoderBuilder,
  type ModelBuilder,
  type PreparedTask,
  taskModel,
} from '@zooid/trainer';

/** The encoder that a task's config describes. */
export function encoderOf(task: Pick<PreparedTask, 'config' | 'encoderFamily'>): EncoderBuilder {
  const family = task.encoderFamily ?? encoderFamily(task.config);
  const encoder = family.parse(task.config);
  return (context) => family.build(context, encoder);
}

/** The model that a task exports: its encoder and its heads, without the loss. */
export const exportedModel = (task: PreparedTask): ModelBuilder => taskModel(task, encoderOf(task), { loss: false });

/** Untrained weights, wide enough that inputs make a difference. */
export function untrainedWeights(build: ModelBuilder, seed = 3): Map<string, HostTensor<'float32'>> {
  const { parameters } = compileProgram({ name: 'declare', mode: 'evaluate', build });
  const random = new Random(seed);
  return new Map(
    declareParameters({ declared: parameters, random }).map(({ name, shape, data }) => {
      const stream = random.fork('more', name);
      const values = name.endsWith('orm.weight') ? data : data.map((value) => value + 0.3 * stream.normal());
      return [name, { dtype: 'float32', dims: shape, data: values }];
    }),
  );
}

/** A task's exported graph as bytes; untrained where no weights are given. */
export function exportTiny(task: PreparedTask, weights?: Map<string, HostTensor<'float32'>>): Uint8Array {
  const build = exportedModel(task);
  return writeModel(compileInference({ build, outputs: task.outputs, weights: weights ?? untrainedWeights(build) }));
}

/** What training writes into a model folder, but untrained: for `writeModelFolder`. */
export function tinyFolderContent(task: PreparedTask, { id, app }: { readonly id: string; readonly app: string }) {
  return {
    config: task.config,
    files: new Map([...task.files, ['onnx/model.onnx', exportTiny(task)] as const]),
    manifest: { id, app, method: 'fine-tune', recipe: {}, data: [], seeds: [1], metrics: {}, createdWith: {} },
    card: '',
  };
}
