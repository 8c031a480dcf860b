import { definePlugin, Logger, ModelStore } from '@zooid/spec';
import { LocalStoreConfig } from './config.js';
import { LocalStore } from './local-store.js';

export default definePlugin({
  name: 'store-local',
  requires: [Logger],
  provides: [ModelStore],
  config: LocalStoreConfig,
  register({ bind }, config) {
    bind(LocalStoreConfig).toConstantValue(config);
    bind(ModelStore).to(LocalStore).inSingletonScope();
  },
});
