import { describe, expect, it } from 'vitest';
import { matchesPattern } from './file-patterns.js';
import { selectFiles } from './select-files.js';

const filesOf = (...paths: readonly string[]) =>
  paths.map((path) => ({ path, sizeBytes: 1, etag: 'a'.repeat(40), blobId: 'a'.repeat(40) }));
const select = (paths: readonly string[], patterns = {}) =>
  selectFiles(filesOf(...paths), patterns).map(({ path }) => path);

// Expected results: Python's fnmatch.fnmatch, which huggingface_hub filters with.
describe('matchesPattern', () => {
  it.each([
    ['a/b.json', '*.json', true],
    ['a/b.json', 'b.json', false],
    ['a/b.json', 'a/', true],
    ['a/b.json', 'a/?.json', true],
    ['model-00001.bin', 'model-0000[1-3].bin', true],
    ['model-00004.bin', 'model-0000[1-3].bin', false],
    ['x.bin', '[!xy].bin', false],
    ['z.bin', '[!xy].bin', true],
    [']', '[]]', true],
    ['[', '[', true],
    ['a^b', 'a[\\^]b', true],
    ['a-b', 'a[z-a]b', false],
    ['A.json', '*.JSON', false],
    ['a.b', 'a+b', false],
    ['a(b)|c$', 'a(b)|c$', true],
    ['', '*', true],
  ])('%s fits %s: %s', (path, pattern, expected) => {
    expect(matchesPattern(path, pattern)).toBe(expected);
  });

  it('answers soon whatever the pattern', () => {
    expect(matchesPattern('a'.repeat(1000), `${'*'.repeat(200)}b`)).toBe(false);
  });
});

describe('selectFiles', () => {
  it('prefers safetensors, then PyTorch, and takes all parts of them', () => {
    expect(select(['model.safetensors', 'pytorch_model.bin', 'model.fp16.safetensors'])).toEqual(['model.safetensors']);
    const parts = [
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ];
    expect(select([...parts, 'pytorch_model.bin'])).toEqual(parts);
    expect(select(['pytorch_model.bin', 'tf_model.h5', 'training_args.bin'])).toEqual(['pytorch_model.bin']);
    expect(select(['adapter_model.safetensors', 'adapter_config.json'])).toHaveLength(2);
  });

  it('takes the plain graph with what lies beside it, else one other form', () => {
    const graphs = ['onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model_fp16.onnx', 'onnx/model_q4f16.onnx'];
    expect(select(graphs)).toEqual(['onnx/model.onnx', 'onnx/model.onnx_data']);
    expect(select(['onnx/model_quantized.onnx', 'onnx/model_q4.onnx'])).toEqual(['onnx/model_quantized.onnx']);
    expect(select(['onnx/decoder_model_merged.onnx', 'onnx/encoder_model.onnx'])).toHaveLength(2);
  });

  it('takes tokenizers of every kind and the card, and no leftovers of training', () => {
    const wanted = ['config.json', 'tokenizer.json', 'vocab.txt', 'merges.txt', 'spiece.model', 'README.md', 'LICENSE'];
    const others = ['.gitattributes', 'runs/x', 'checkpoint-5/config.json', 'optimizer.pt', 'logo.png', 'a.gguf'];
    expect(select([...wanted, ...others, '1_Pooling/config.json'])).toEqual([...wanted, '1_Pooling/config.json']);
  });

  it('leaves out what is excluded, last', () => {
    const paths = ['config.json', 'model.safetensors'];
    expect(select(paths, { exclude: ['*.safetensors'] })).toEqual(['config.json']);
    expect(select(paths, { include: ['*'], exclude: ['config*'] })).toEqual(['model.safetensors']);
  });
});
