import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import textClassification from '@zooid/app-text-classification';
import backendOnnx from '@zooid/backend-onnx';
import { silentLogger } from '@zooid/common';
import datasetJsonl from '@zooid/dataset-jsonl';
import { createKernel, exportModel, type Kernel } from '@zooid/kernel';
import fineTune from '@zooid/method-fine-tune';
import storeLocal from '@zooid/store-local';
import { tensor, toNumbers } from '@zooid/tensor';
import { loadTokenizer } from '@zooid/tokenizers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const peer = fileURLToPath(new URL('../../peers/transformers-js.mjs', import.meta.url));
const texts = ['手机很好', '退货！耳机坏了，太差。', 'ok', '书'];
/** Our variants, and the options by which transformers.js finds them. */
const loads = {
  fp32: { dtype: 'fp32' },
  fp16: { dtype: 'fp16' },
  int8: { dtype: 'q8' },
  q4: { dtype: 'q4' },
  fused: { dtype: 'fp32', model_file_name: 'model_fused' },
} as const;

interface PeerAnswer {
  readonly inputIds: readonly (readonly number[])[];
  readonly logits: Readonly<Record<keyof typeof loads, readonly (readonly number[])[]>>;
}

let folder: string;
let model: string;
let kernel: Kernel;
let answer: PeerAnswer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-interop-'));
  model = join(folder, 'reviews');
  kernel = await createKernel({
    plugins: [storeLocal, backendOnnx, datasetJsonl, fineTune, textClassification],
    config: { root: folder, settings: { 'backend-onnx': { workers: 1 } } },
  });
  await trainTiny();
  // A model of one layer is far from the sizes that the default tolerances are for.
  await exportModel(kernel, model, {
    variants: ['fused', 'int8', 'fp16', 'q4'],
    tolerance: { points: 100, changed: 1, difference: 1 },
  });
  answer = await askPeer();
}, 120_000);
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function trainTiny(): Promise<void> {
  const lines = Array.from({ length: 32 }, (_, i) =>
    JSON.stringify(
      i % 2 ? { text: `手机${'很'.repeat(i % 3)}好`, label: 'good' } : { text: '退货！坏了，太差。', label: 'bad' },
    ),
  );
  await writeFile(join(folder, 'data.jsonl'), lines.join('\n'));
  await writeFile(
    join(folder, 'recipe.yaml'),
    `app: text-classification
encoder: { preset: tiny, hidden_size: 64, num_hidden_layers: 2, intermediate_size: 128, max_position_embeddings: 64 }
options: { maxLength: 16, tokenizer: { vocabSize: 128 } }
data: { train: data.jsonl, validation: data.jsonl, test: data.jsonl }
train: { epochs: 3, batchSize: 8, learningRate: 2.0e-3, bootstrap: 0 }
seed: 1
`,
  );
  const prepared = await kernel.training.prepare(join(folder, 'recipe.yaml'), { output: model });
  await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
}

/** In a process of its own, which has its own copy of onnxruntime, without network. */
function askPeer(): Promise<PeerAnswer> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [peer], (error, stdout, stderr) => {
      if (error) reject(new Error(`transformers.js failed: ${stderr}`, { cause: error }));
      else resolve(JSON.parse(stdout) as PeerAnswer);
    });
    child.stdin?.end(JSON.stringify({ folder: model, texts, loads }));
  });
}

/** Names, shapes and element types by the format's own definition: 8 bytes of length, then JSON. */
async function safetensorsHeader(path: string): Promise<Record<string, { dtype: string; shape: number[] }>> {
  const bytes = await readFile(path);
  const { __metadata__, ...tensors } = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))));
  return tensors;
}

it("holds exactly the state dict of Hugging Face's BertForSequenceClassification", async () => {
  const golden = JSON.parse(await readFile(new URL('__golden__/bert-state-dict.json', import.meta.url), 'utf8')) as {
    readonly shapes: Readonly<Record<string, readonly number[]>>;
  };
  const config = JSON.parse(await readFile(join(model, 'config.json'), 'utf8')) as { readonly vocab_size: number };
  // Same sizes but for vocabulary and labels, which are the data's.
  const expected = Object.entries(golden.shapes).map(([name, [first, ...rest]]) => {
    if (name.includes('word_embeddings')) return [name, [config.vocab_size, ...rest]];
    return [name, [name.startsWith('classifier.') ? 2 : first!, ...rest]];
  });
  const header = await safetensorsHeader(join(model, 'model.safetensors'));
  expect(Object.fromEntries(Object.entries(header).map(([name, { shape }]) => [name, shape]))).toEqual(
    Object.fromEntries(expected),
  );
  expect(new Set(Object.values(header).map(({ dtype }) => dtype))).toEqual(new Set(['F32']));
});

describe('a folder that Zooid wrote, in @huggingface/transformers', () => {
  it('is tokenized to the same ids', async () => {
    const tokenizer = await loadTokenizer(model);
    for (const [i, text] of texts.entries()) {
      const { ids } = tokenizer.encode(text);
      expect(answer.inputIds[i]!.slice(0, ids.length)).toEqual([...ids]);
    }
  });

  it.each(Object.keys(loads) as (keyof typeof loads)[])('gives the same logits from its %s graph', async (variant) => {
    const artifacts = await kernel.models.resolve(model);
    const loaded = await kernel.backends.get('onnx').load(artifacts, { variant });
    try {
      const rows = answer.inputIds;
      const dims = [rows.length, rows[0]!.length];
      const ids = rows.flat();
      const { logits } = await loaded.forward({
        input_ids: tensor('int64', ids, dims),
        attention_mask: tensor(
          'int64',
          ids.map((id) => (id === 0 ? 0 : 1)),
          dims,
        ),
        token_type_ids: tensor(
          'int64',
          ids.map(() => 0),
          dims,
        ),
      });
      const theirs = answer.logits[variant].flat();
      const ours = toNumbers(logits!);
      expect(theirs).toHaveLength(ours.length);
      expect(Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)))).toBeLessThan(1e-4);
    } finally {
      await loaded[Symbol.asyncDispose]();
    }
  });

  it('gives different logits from different variants, so that none stands in for another', () => {
    const { fp32, fused, ...others } = answer.logits;
    for (const logits of Object.values(others)) expect(logits).not.toEqual(fp32);
  });
});
