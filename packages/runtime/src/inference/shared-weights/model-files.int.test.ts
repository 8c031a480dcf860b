import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph, writeModel, writeModelWithExternalData } from '@zooid/onnx';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { floats, wave } from '../../__fixtures__/toy-programs.js';
import { modelFiles } from './model-files.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

function graph(): Graph {
  const made = new Graph();
  const x = made.input('x', 'float32', ['n', 256]);
  made.output(x.matmul(made.initializer('w', floats([256, 256], wave(256 * 256)))), 'y');
  return made;
}

it('is the graph alone where the weights are inside', async () => {
  const path = join(folder, 'inside.onnx');
  const bytes = writeModel(graph());
  await writeFile(path, bytes);
  expect(modelFiles(path)).toEqual([{ path, location: '', bytes: bytes.length }]);
});

it('is the graph and each file beside it once, also with long names', async () => {
  const path = join(folder, 'beside.onnx');
  const location = `${'long'.repeat(50)}.data`;
  const { model, data } = writeModelWithExternalData(graph(), { path: location });
  await writeFile(path, model);
  await writeFile(join(folder, location), data);
  expect(modelFiles(path)).toEqual([
    { path, location: '', bytes: model.length },
    { path: join(folder, location), location, bytes: data.length },
  ]);
});

it.each([
  ['cut short', () => writeModel(graph()).subarray(0, 1000)],
  ['no protobuf', () => Buffer.from('not a model at all, but a text of some length')],
  ['endless numbers', () => new Uint8Array(100).fill(0xff)],
])('says so of files that are %s', async (name, content) => {
  const path = join(folder, `${name}.onnx`);
  await writeFile(path, content());
  expect(() => modelFiles(path)).toThrow(/is no ONNX model/);
});

it('fails for a file that the graph names and that is missing', async () => {
  const path = join(folder, 'missing.onnx');
  await writeFile(path, writeModelWithExternalData(graph(), { path: 'absent.data' }).model);
  expect(() => modelFiles(path)).toThrow(/absent\.data/);
});
