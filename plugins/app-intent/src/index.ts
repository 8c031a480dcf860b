import { App, definePlugin } from '@zooid/spec';
import { IntentApp } from './intent-app.js';

export type { LexiconEntry } from './lexicon/entry.js';
export { Lexicon, type LexiconMatch } from './lexicon/lexicon.js';

export default definePlugin({
  name: 'app-intent',
  provides: [App],
  register({ bind }) {
    bind(App).to(IntentApp).inSingletonScope();
  },
});
