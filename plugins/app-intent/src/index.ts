import { App, definePlugin } from '@zooid/spec';
import { IntentApp } from './intent-app.js';

export default definePlugin({
  name: 'app-intent',
  provides: [App],
  register({ bind }) {
    bind(App).to(IntentApp).inSingletonScope();
  },
});
