import { App, definePlugin } from '@zooid/spec';
import { SentenceBoundaryApp } from './sentence-boundary-app.js';

export type { Sentence, SentenceOutput } from './answer.js';
export {
  type AskForSentences,
  SentenceStream,
  type SentenceStreamOptions,
  type StreamedSentence,
} from './sentence-stream.js';

export default definePlugin({
  name: 'app-sentence-boundary',
  provides: [App],
  register({ bind }) {
    bind(App).to(SentenceBoundaryApp).inSingletonScope();
  },
});
