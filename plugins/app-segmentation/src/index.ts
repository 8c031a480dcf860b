import { App, definePlugin } from '@zooid/spec';
import { SegmentationApp } from './segmentation-app.js';

export type { SegmentationOutput, Words } from './segmentation-instance.js';
export type { Word } from './words.js';

export default definePlugin({
  name: 'app-segmentation',
  provides: [App],
  register({ bind }) {
    bind(App).to(SegmentationApp).inSingletonScope();
  },
});
