import { App, definePlugin } from '@zooid/spec';
import { TokenClassificationApp } from './token-classification-app.js';

export default definePlugin({
  name: 'app-token-classification',
  provides: [App],
  register({ bind }) {
    bind(App).to(TokenClassificationApp).inSingletonScope();
  },
});
