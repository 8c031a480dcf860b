import { fakeApp } from '../fakes/fake-app.js';
import { fakeBackend } from '../fakes/fake-backend.js';
import { fakeMethod } from '../fakes/fake-method.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { fakeJsonLines } from '../fakes/json-lines.js';
import { memoryStore } from '../fakes/memory-store.js';
import { describeAppContract } from './app-contract.js';
import { describeDatasetContract } from './dataset-contract.js';
import { describeMethodContract } from './method-contract.js';
import { describeStoreContract } from './store-contract.js';

// The suites prove themselves on the fakes, and the fakes on the suites.

describeAppContract(fakeApp().plugin, {
  with: [fakeBackend().plugin, memoryStore([fakeArtifacts({ id: 'any' })]).plugin],
  model: 'any',
  valid: { inputs: ['one', { text: 'two' }, '三'], parameters: { times: 2 } },
  invalid: [
    { inputs: 'x', parameters: { times: 0 }, pointer: '/parameters/times' },
    { inputs: [{ text: 1 }], pointer: '/inputs/0/text' },
  ],
});

describeStoreContract(memoryStore([fakeArtifacts({ id: 'known' })]).plugin, { known: 'known' });

const needsSomething = fakeMethod({ misfit: ({ capabilities }) => (capabilities ? undefined : 'it offers nothing') });
describeMethodContract(needsSomething.plugin, {
  with: [fakeApp({ capabilities: new Map() }).plugin, fakeJsonLines().plugin],
  recipe: 'app: echo\ndata: { train: train.jsonl }\n',
  files: { 'train.jsonl': '{"text":"a"}\n{"text":"b"}\n' },
});

describeDatasetContract(fakeJsonLines().plugin, {
  extension: '.jsonl',
  good: {
    content: '{"a":1}\n\n{"a":2}\n',
    records: [
      { line: 1, record: { a: 1 } },
      { line: 3, record: { a: 2 } },
    ],
  },
  bad: { content: '{"a":1}\n{"a":\n{"a":3}\n', line: 2, records: 2 },
  limits: { noGzip: true },
});
