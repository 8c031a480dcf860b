import { definePlugin, Method } from '@zooid/spec';
import { FineTune } from './fine-tune.js';

export { FineTune } from './fine-tune.js';
export { FineTuneOptions } from './options.js';

export default definePlugin({
  name: 'method-fine-tune',
  provides: [Method],
  register({ bind }) {
    bind(Method).to(FineTune).inSingletonScope();
  },
});
