import { App, definePlugin } from '@zooid/spec';
import { FeatureExtractionApp } from './feature-extraction-app.js';

export default definePlugin({
  name: 'app-feature-extraction',
  provides: [App],
  register({ bind }) {
    bind(App).to(FeatureExtractionApp).inSingletonScope();
  },
});
