import { App, definePlugin } from '@zooid/spec';
import { FillMaskApp } from './fill-mask-app.js';

export { FillMaskItem, FillMaskParameters } from './dto.js';
export { FillMaskApp } from './fill-mask-app.js';
export type { FillMaskOutput } from './fill-mask-instance.js';

export default definePlugin({
  name: 'app-fill-mask',
  provides: [App],
  register({ bind }) {
    bind(App).to(FillMaskApp).inSingletonScope();
  },
});
