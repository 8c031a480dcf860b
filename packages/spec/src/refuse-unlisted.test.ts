import { describe, expect, it } from 'vitest';
import type { ModelArtifacts } from './model.js';
import { refuseUnlisted } from './refuse-unlisted.js';

const artifacts = (...unlisted: readonly string[]): ModelArtifacts => ({
  id: 'm',
  revision: 'r',
  folder: '/m',
  config: {},
  unlisted,
});

describe('refuseUnlisted', () => {
  it.each(['onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model.onnx.data'])('refuses a graph for %s', (file) => {
    expect(() => refuseUnlisted(artifacts('other.bin', file), 'onnx/model.onnx')).toThrow(
      `model 'm': /m: '${file}' is not listed in zooid.json`,
    );
  });

  it('lets pass what is vouched for, whatever else lies there', () => {
    refuseUnlisted(artifacts('onnx/model_fp16.onnx', 'model.safetensors'), 'onnx/model.onnx');
    refuseUnlisted(artifacts('model.safetensors.bin'), 'model.safetensors');
    refuseUnlisted({ id: 'm', revision: 'r', folder: '/m', config: {} }, 'onnx/model.onnx');
  });
});
