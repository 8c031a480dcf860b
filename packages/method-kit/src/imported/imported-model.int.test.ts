import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { CheckpointError } from '@zooid/hub';
import { classificationHead, crossEntropy, encoderFamily } from '@zooid/nn';
import { Graph, type Value, writeModel, writeModelWithExternalData } from '@zooid/onnx';
import { tensor } from '@zooid/tensor';
import { goldenExport } from '@zooid/testing';
import { compileProgram, type PreparedTask, taskModel } from '@zooid/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExportedGraph, hasWeightsFile } from './exported-graph.js';
import { type ImportedModel, importModel } from './imported-model.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-import-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function folderOf(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = mkdtempSync(join(directory, 'model-'));
  mkdirSync(join(folder, 'onnx'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, 'onnx', name), content);
  return folder;
}

const sizes = {
  vocab_size: 16,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  max_position_embeddings: 10,
};

/** Three labels on what `pick` takes from the encoder. */
function taskOf(
  config: Readonly<Record<string, unknown>>,
  pick: PreparedTask['head'] = (context, encoder) => ({
    logits: classificationHead(context, encoder.pooledOutput(), { labels: 3 }),
  }),
): PreparedTask {
  const family = encoderFamily(config);
  const task: Pick<PreparedTask, 'config' | 'inputs' | 'outputs' | 'head' | 'loss'> = {
    config,
    inputs: family.inputs(family.parse(config)),
    outputs: ['logits'],
    head: pick,
    loss: (context, { logits }) => crossEntropy(logits!, context.input('labels', 'int64', ['batch'])),
  };
  return task as PreparedTask;
}

const open = (folder: string, task: PreparedTask, keepHead = false): Promise<ImportedModel> =>
  importModel({ folder, file: 'onnx/model.onnx', task, keepHead });
const compile = (model: ImportedModel, trainable: (name: string) => boolean = () => true) =>
  model.explain(() =>
    compileProgram({
      name: 'train',
      mode: 'train',
      build: taskModel(model.network, model.encoder, { loss: true }),
      trainable,
    }),
  );

describe('the batch inputs of an import', () => {
  it('are what the app feeds, also where the export has no segments or wants those of an app that has none', async () => {
    const withSegments = { ...sizes, model_type: 'bert' };
    const without = { ...withSegments, type_vocab_size: 1 };
    for (const [name, config] of [
      ['bert-11', withSegments],
      ['bert-11', without],
      ['sentence-12', withSegments],
      ['sentence-12', without],
    ] as const) {
      const task = taskOf(config);
      const { program } = compile(await open(folderOf({ 'model.onnx': goldenExport(name) }), task));
      const inputs = program.inputs.map((input) => input.name);
      expect(inputs.sort(), name).toEqual([...task.inputs, 'labels'].sort());
    }
  });

  it('are looked up so that the host gets the rows of the tables', async () => {
    const task = taskOf({ ...sizes, model_type: 'bert' });
    const { program } = compile(await open(folderOf({ 'model.onnx': goldenExport('bert-11') }), task));
    const rows = program.gradients.flatMap(({ parameter, rows: parts }) =>
      (parts ?? []).map(({ indices }) => `${parameter} by ${indices}`),
    );
    expect(rows).toEqual(['bert.words.weight by input_ids', 'bert.types.weight by token_type_ids']);
  });
});

const tokens = ['batch', 'sequence'] as const;
const words = tensor(
  'float32',
  Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)),
  [16, 8],
);
/** Word vectors, masked, through `more`. */
function exported(more: (states: Value, graph: Graph) => Value): Graph {
  const graph = new Graph();
  const mask = graph.input('attention_mask', 'int64', tokens).cast('float32').unsqueeze([2]);
  const ids = graph.input('input_ids', 'int64', tokens);
  graph.output(more(graph.initializer('embed.weight', words).gather(ids).mul(mask), graph), 'last_hidden_state');
  return graph;
}
const bert = { ...sizes, model_type: 'bert', type_vocab_size: 1 };
const hardmax = (states: Value, graph: Graph): Value =>
  graph.emitUnknown({ op: '::Hardmax', domain: '', name: '/gate/Hardmax', inputs: [states], attributes: {} }, [
    { name: 'gates', dtype: 'float32', shape: [...tokens, 8] },
  ])[0]!;

describe('an imported model', () => {
  it('drops what was exported in training mode, and only in training', async () => {
    const graph = exported((states, g) => g.emit('Dropout', [states, g.scalar(0.25), g.scalar(1, 'bool')])[0]!);
    const model = await open(folderOf({ 'model.onnx': writeModel(graph) }), taskOf(bert));
    expect(compile(model).program.randoms).toMatchObject([{ kind: 'dropout', rate: 0.25 }]);
    const build = taskModel(model.network, model.encoder, { loss: false });
    expect(compileProgram({ name: 'evaluate', mode: 'evaluate', build }).program.randoms).toEqual([]);
  });

  it('reads weights beside the graph, but none outside the folder', async () => {
    const { model, data } = writeModelWithExternalData(
      exported((states) => states),
      { path: 'model.onnx_data', minBytes: 0 },
    );
    const folder = folderOf({ 'model.onnx': model, 'model.onnx_data': data });
    const read = await open(folder, taskOf(bert));
    const { weights, fresh } = read.weights(compile(read).parameters);
    expect(weights.get('bert.embed.weight')).toEqual(words);
    expect(fresh).toEqual([
      'bert.pooler.dense.weight',
      'bert.pooler.dense.bias',
      'classifier.weight',
      'classifier.bias',
    ]);

    const outside = join(directory, 'outside');
    writeFileSync(outside, data);
    const linked = folderOf({ 'model.onnx': model });
    symlinkSync(outside, join(linked, 'onnx/model.onnx_data'));
    await expect(open(linked, taskOf(bert))).rejects.toBeInstanceOf(CheckpointError);
    await expect(open(folderOf({ 'model.onnx': model }), taskOf(bert))).rejects.toThrow(/model\.onnx_data.*not given/);
  });

  it('can train what lies behind an operator without a derivative', async () => {
    const folder = folderOf({ 'model.onnx': writeModel(exported(hardmax)) });
    const model = await open(folder, taskOf(bert));
    expect(() => compile(model)).toThrow(
      /the operator Hardmax cannot be differentiated; .* ← \/gate\/Hardmax\. Freeze/,
    );
    const { program } = compile(model, (name) => name !== 'bert.embed.weight');
    expect(program.gradients.map(({ parameter }) => parameter)).toContain('bert.pooler.dense.weight');
  });

  it('says that it has no other states than the last', async () => {
    const folder = folderOf({ 'model.onnx': goldenExport('bert-17') });
    const layers = taskOf({ ...sizes, model_type: 'bert' }, (_context, { hiddenStates }) => ({
      logits: hiddenStates[0]!.mean([1], false),
    }));
    const model = await open(folder, layers);
    expect(() => compile(model)).toThrow(/cannot be trained: only its last hidden state is known/);
    expect(() => compile(model)).toThrow(ValidationError);
  });

  it('is refused without floating-point weights, and without the outputs of the head to keep', async () => {
    const graph = new Graph();
    const ids = graph.input('input_ids', 'int64', tokens);
    const mask = graph.input('attention_mask', 'int64', tokens);
    graph.output(
      ids
        .mul(mask)
        .cast('float32')
        .unsqueeze([2])
        .expand([...tokens, 8], undefined),
      'last_hidden_state',
    );
    const folder = folderOf({ 'model.onnx': writeModel(graph) });
    await expect(open(folder, taskOf(bert))).rejects.toThrow(/holds no floating-point weights to train/);
    await expect(open(folder, taskOf(bert), true)).rejects.toThrow(
      "keepHead needs the output 'logits' of the graph; it has 'last_hidden_state'",
    );
  });
});

describe('a folder', () => {
  it('is searched for weights and for a graph where exporters put them', async () => {
    const folder = folderOf({});
    expect([await hasWeightsFile(folder), await findExportedGraph(folder)]).toEqual([false, undefined]);
    writeFileSync(join(folder, 'model.onnx'), '');
    expect(await findExportedGraph(folder)).toBe('model.onnx');
    writeFileSync(join(folder, 'onnx/model.onnx'), '');
    expect(await findExportedGraph(folder)).toBe('onnx/model.onnx');
    writeFileSync(join(folder, 'pytorch_model.bin'), '');
    expect(await hasWeightsFile(folder)).toBe(true);
  });
});
