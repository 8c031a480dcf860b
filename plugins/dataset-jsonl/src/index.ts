import { DatasetFormat, definePlugin } from '@zooid/spec';
import { JsonLinesFormat } from './json-lines-format.js';

export default definePlugin({
  name: 'dataset-jsonl',
  provides: [DatasetFormat],
  register({ bind }) {
    bind(DatasetFormat).to(JsonLinesFormat).inSingletonScope();
  },
});
