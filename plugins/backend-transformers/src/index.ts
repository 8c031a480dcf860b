import { definePlugin, ModelBackend } from '@zooid/spec';
import { TransformersBackendConfig } from './config.js';
import { TransformersBackend } from './transformers-backend.js';

export { buildGraph } from './build-graph.js';

export default definePlugin({
  name: 'backend-transformers',
  provides: [ModelBackend],
  config: TransformersBackendConfig,
  register({ bind }, config) {
    bind(TransformersBackendConfig).toConstantValue(config);
    bind(ModelBackend).to(TransformersBackend);
  },
});
