import { describeDatasetContract, withKernel } from '@zooid/testing';
import { expect, it } from 'vitest';
import datasetCsv from './index.js';

describeDatasetContract(datasetCsv, {
  format: 'csv',
  extension: '.csv',
  good: {
    content: 'text,label\n打开音乐,music\n\n"one, ""two""\nthree",chat\nlast,chat\n',
    records: [
      { line: 2, record: { text: '打开音乐', label: 'music' } },
      { line: 4, record: { text: 'one, "two"\nthree', label: 'chat' } },
      { line: 6, record: { text: 'last', label: 'chat' } },
    ],
  },
  bad: { content: 'text,label\na,b\nonly one\nc,d\n', line: 3, records: 2 },
});

describeDatasetContract(datasetCsv, {
  extension: '.tsv',
  good: { content: 'text\tlabel\na,b\tmusic\n', records: [{ line: 2, record: { text: 'a,b', label: 'music' } }] },
  bad: { content: 'text\tlabel\n"a"b\tc\nd\te\n', line: 2, records: 1 },
});

it.each([{ delimiter: ';;' }, { delimiter: '' }, { quote: '""' }, { quote: 1 }])(
  'refuses the configuration %j',
  async (settings) => {
    await expect(withKernel(datasetCsv, { settings }, async () => {})).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  },
);
