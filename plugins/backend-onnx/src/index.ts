import { definePlugin, HostEnvironment, Logger, ModelBackend } from '@zooid/spec';
import { OnnxBackendConfig } from './config.js';
import { OnnxBackend } from './onnx-backend.js';

export default definePlugin({
  name: 'backend-onnx',
  requires: [Logger, HostEnvironment],
  provides: [ModelBackend],
  config: OnnxBackendConfig,
  register({ bind }, config) {
    bind(OnnxBackendConfig).toConstantValue(config);
    bind(ModelBackend).to(OnnxBackend);
  },
});
