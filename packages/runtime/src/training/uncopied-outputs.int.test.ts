import { Graph, writeModel } from '@zooid/onnx';
import { describe, expect, it } from 'vitest';
import { floats } from '../__fixtures__/toy-programs.js';
import { InferenceSession, sessionOptions, toFeeds, toOrtTensor } from '../ort.js';
import { canSkipCopies, isExpectedThrow, sequenceOutput, withSequenceOutput } from './uncopied-outputs.js';

function model(): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['n']);
  graph.output(x.mul(3), 'triple');
  graph.output(x.sum([0], false), 'loss');
  return writeModel(graph);
}

describe('withSequenceOutput', () => {
  it('puts a sequence in front of the outputs and keeps the model as it was', async () => {
    const session = await InferenceSession.create(withSequenceOutput(model()), sessionOptions(1));
    expect(session.outputNames).toEqual([sequenceOutput, 'triple', 'loss']);
    const { triple, loss } = await session.run(toFeeds({ x: floats([2], [1, 2]) }), ['triple', 'loss']);
    expect([...(triple!.data as Float32Array), ...(loss!.data as Float32Array)]).toEqual([3, 6, 3]);
    await session.release();
  });

  it('makes the run fill preallocated outputs and then throw as expected', async () => {
    const session = await InferenceSession.create(withSequenceOutput(model()), sessionOptions(1));
    const triple = floats([2], [0, 0]);
    const run = session.run(toFeeds({ x: floats([2], [1, 2]) }), {
      [sequenceOutput]: null,
      triple: toOrtTensor(triple),
    });
    expect(isExpectedThrow(await run.catch((error: unknown) => error))).toBe(true);
    expect([...triple.data]).toEqual([3, 6]);
    await session.release();
  });
});

describe('canSkipCopies', () => {
  it('is true with the onnxruntime this package pins', async () => {
    // False is not wrong, only slower; this tells us when an upgrade changes the binding.
    expect(await canSkipCopies()).toBe(true);
  });
});

describe('isExpectedThrow', () => {
  it('takes nothing else for the expected error', () => {
    expect(isExpectedThrow(new Error('Non tensor type is temporarily not supported. Really.'))).toBe(false);
    expect(isExpectedThrow(undefined)).toBe(false);
  });
});
