import { App } from '@zooid/spec';
import { describeMethodContract, fakeJsonLines, pluginOf } from '@zooid/testing';
import methodFineTune from './index.js';
import { toyApp, toyExamples } from './toy-app.fixture.js';

const lines = (seed: number) => toyExamples(12, seed).map((example) => `${JSON.stringify(example)}\n`);

describeMethodContract(methodFineTune, {
  with: [pluginOf<App>('app-toy', App, toyApp as unknown as App), fakeJsonLines().plugin],
  recipe: `
app: toy
encoder: { preset: tiny, num_hidden_layers: 1, hidden_size: 16, intermediate_size: 16 }
data: { train: train.jsonl, validation: dev.jsonl }
train: { epochs: 1, batchSize: 4, bootstrap: 10 }
`,
  files: { 'train.jsonl': lines(1).join(''), 'dev.jsonl': lines(2).join('') },
});
