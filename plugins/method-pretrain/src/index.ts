import { definePlugin, Method } from '@zooid/spec';
import { Pretrain } from './pretrain.js';

export { MaskingOptions, PretrainOptions, ShortBlocksOptions, VocabularyOptions } from './options.js';
export { Pretrain } from './pretrain.js';

export default definePlugin({
  name: 'method-pretrain',
  provides: [Method],
  register({ bind }) {
    bind(Method).to(Pretrain).inSingletonScope();
  },
});
