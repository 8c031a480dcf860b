import { describeDatasetContract } from '@zooid/testing';
import datasetTemplates from './index.js';

const file = (intents: string) => `
seed: 3
count: 2
lists:
  song: 晴天
intents:
${intents}`;

describeDatasetContract(datasetTemplates, {
  format: 'templates',
  extension: '.templates.yaml',
  good: {
    content: file('  music:\n    templates:\n      - 放{song}\n'),
    records: [1, 2].map((line) => ({
      line,
      record: { text: '放晴天', intent: 'music', slots: [{ type: 'song', start: 1, end: 3, value: '晴天' }] },
    })),
  },
  bad: {
    content: file('  music:\n    templates:\n      - 放{song}\n      - 放{sogn}\n      - 放(\n      - 听\n'),
    refusal:
      /\/templates\/1 uses the unknown list 'sogn'; did you mean 'song'\?; .*\/templates\/2 missing '\)' at character 3/,
  },
  limits: { noGzip: true },
});
