import { DatasetFormat, definePlugin } from '@zooid/spec';
import { TemplateFormat } from './template-format.js';

export default definePlugin({
  name: 'dataset-templates',
  provides: [DatasetFormat],
  register({ bind }) {
    bind(DatasetFormat).to(TemplateFormat).inSingletonScope();
  },
});
