import { describeDatasetContract } from '@zooid/testing';
import datasetJsonl from './index.js';

describeDatasetContract(datasetJsonl, {
  format: 'jsonl',
  extension: '.jsonl',
  good: {
    content: '{"text":"打开音乐","intent":"music"}\n\n{"text":"😀 hi","slots":[{"start":0,"end":1}]}\n"a text alone"\n',
    records: [
      { line: 1, record: { text: '打开音乐', intent: 'music' } },
      { line: 3, record: { text: '😀 hi', slots: [{ start: 0, end: 1 }] } },
      { line: 4, record: 'a text alone' },
    ],
  },
  bad: { content: '{"text":"a"}\n{"text":\n{"text":"b"}\n', line: 2, records: 2 },
});

describeDatasetContract(datasetJsonl, {
  extension: '.ndjson',
  good: {
    content: '1\n2\n',
    records: [
      { line: 1, record: 1 },
      { line: 2, record: 2 },
    ],
  },
  bad: { content: '1\nnull and void\n', line: 2, records: 1 },
});
