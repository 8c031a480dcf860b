import appFillMask from '@zooid/app-fill-mask';
import { describeMethodContract, fakeJsonLines } from '@zooid/testing';
import plugin from './index.js';

const line = (i: number) => `${JSON.stringify({ text: `number ${i} follows number ${i - 1} as day follows night` })}\n`;

describeMethodContract(plugin, {
  with: [appFillMask, fakeJsonLines().plugin],
  recipe: `
app: fill-mask
method: pretrain
encoder: { preset: tiny, num_hidden_layers: 1, hidden_size: 16, intermediate_size: 16, max_position_embeddings: 16 }
data: { train: train.jsonl, validation: dev.jsonl }
train: { maxSteps: 6, batchSize: 4, blockLength: 16, vocabulary: { vocabSize: 80, minFrequency: 1 } }
`,
  files: {
    'train.jsonl': Array.from({ length: 60 }, (_, i) => line(i)).join(''),
    'dev.jsonl': Array.from({ length: 20 }, (_, i) => line(100 + i)).join(''),
  },
});
