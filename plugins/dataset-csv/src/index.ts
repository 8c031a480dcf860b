import { DatasetFormat, definePlugin } from '@zooid/spec';
import { DelimitedFormat, DelimitedFormatConfig } from './delimited-format.js';

export default definePlugin({
  name: 'dataset-csv',
  provides: [DatasetFormat],
  config: DelimitedFormatConfig,
  register({ bind }, config) {
    bind(DelimitedFormatConfig).toConstantValue(config);
    bind(DatasetFormat).to(DelimitedFormat).inSingletonScope();
  },
});
