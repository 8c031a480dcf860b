import { App, definePlugin } from '@zooid/spec';
import { TextClassificationApp } from './text-classification-app.js';

export default definePlugin({
  name: 'app-text-classification',
  provides: [App],
  register({ bind }) {
    bind(App).to(TextClassificationApp).inSingletonScope();
  },
});
