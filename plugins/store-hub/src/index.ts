import { definePlugin, HostEnvironment, Logger, ModelStore } from '@zooid/spec';
import { HubStoreConfig } from './config.js';
import { HubStore } from './hub-store.js';

export default definePlugin({
  name: 'store-hub',
  requires: [Logger, HostEnvironment],
  provides: [ModelStore],
  config: HubStoreConfig,
  register({ bind }, config) {
    bind(HubStoreConfig).toConstantValue(config);
    bind(ModelStore).to(HubStore).inSingletonScope();
  },
});
