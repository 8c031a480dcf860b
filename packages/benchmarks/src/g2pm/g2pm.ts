import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asFloat32, readModelWeights } from '@zooid/hub';
import { writeModel } from '@zooid/onnx';
import { createInferencePool, type InferencePool } from '@zooid/runtime';
import type { Benchmark } from '../benchmark.js';
import { dataFolder } from '../data-folder.js';
import { rounded } from '../statistics.js';
import { g2pmGraph } from './network.js';
import { G2pmVocabulary, readSentences, type Sentence } from './sentences.js';

/** Published for the network, on this test set. */
const PUBLISHED_ACCURACY = 97.31;
const BATCH = 128;
/** The reference logits have four decimals; the rest is float32 in another order. */
const LOGIT_TOLERANCE = 1e-3;

interface Reference {
  readonly predicted: string;
  /** Readings and their logits, the highest first. */
  readonly top5: readonly (readonly [reading: string, logit: number])[];
}

/**
 * Real weights with a published result: g2pM's Bi-LSTM, trained elsewhere, read from safetensors, emitted as a graph
 * and run on onnxruntime over the CPP test set.
 */
export const g2pm: Benchmark = {
  name: 'g2pm',
  description: `test error of g2pM's Bi-LSTM on CPP over the error of its published accuracy, ${PUBLISHED_ACCURACY} %`,
  target: 1,
  async run({ log }) {
    const folder = dataFolder('weights-g2pm');
    const sentences = await readSentences(join(dataFolder('cpp-polyphone'), 'test.jsonl.gz'));
    const reference = await readSentences<Reference>(join(folder, 'expected.jsonl'));
    const vocabulary = await G2pmVocabulary.read(folder);
    const temporary = await mkdtemp(join(tmpdir(), 'zooid-g2pm-'));
    try {
      const model = join(temporary, 'model.onnx');
      await writeFile(model, writeModel(await readGraph(folder)));
      await using pool = await createInferencePool({ model });

      const expected = await logitsOf(reference, vocabulary, pool);
      const difference = Math.max(...reference.map(({ top5 }, i) => largestDifference(top5, expected[i]!, vocabulary)));
      log(`largest difference of ${5 * reference.length} reference logits: ${rounded(difference, 3)}`);

      const start = performance.now();
      const logits = await logitsOf(sentences, vocabulary, pool);
      const seconds = (performance.now() - start) / 1000;
      const correct = sentences.filter(({ label }, i) => vocabulary.readings[argMax(logits[i]!)] === label).length;
      // The published figure has two decimals.
      const accuracy = Number(((100 * correct) / sentences.length).toFixed(2));
      const ratio = rounded((100 - accuracy) / (100 - PUBLISHED_ACCURACY));
      return {
        ratio,
        ok: ratio <= g2pm.target && difference <= LOGIT_TOLERANCE,
        details: {
          accuracy,
          published: PUBLISHED_ACCURACY,
          correct,
          sentences: sentences.length,
          logitDifference: rounded(difference, 3),
          logitTolerance: LOGIT_TOLERANCE,
          sentencesPerSecond: Math.round(sentences.length / seconds),
        },
      };
    } finally {
      await rm(temporary, { recursive: true });
    }
  },
};

async function readGraph(folder: string) {
  const { tensors } = await readModelWeights(folder);
  return g2pmGraph(new Map(Array.from(tensors, ([name, tensor]) => [name, asFloat32(name, tensor)])));
}

/** Logits of each sentence, run in batches of similar length. */
async function logitsOf(
  sentences: readonly Sentence[],
  vocabulary: G2pmVocabulary,
  pool: InferencePool,
): Promise<Float32Array[]> {
  const order = sentences.map((_, i) => i).sort((a, b) => sentences[a]!.text.length - sentences[b]!.text.length);
  const logits: Float32Array[] = [];
  const batches = Array.from({ length: Math.ceil(order.length / BATCH) }, (_, i) =>
    order.slice(i * BATCH, (i + 1) * BATCH),
  );
  await Promise.all(
    batches.map(async (batch) => {
      const { logits: rows } = await pool.run(vocabulary.feeds(batch.map((i) => sentences[i]!)));
      const classes = rows!.dims[1]!;
      batch.forEach((sentence, row) => {
        logits[sentence] = (rows!.data as Float32Array).subarray(row * classes, (row + 1) * classes);
      });
    }),
  );
  return logits;
}

function largestDifference(top5: Reference['top5'], logits: Float32Array, { readings }: G2pmVocabulary): number {
  return Math.max(...top5.map(([reading, logit]) => Math.abs(logits[readings.indexOf(reading)]! - logit)));
}

const argMax = (values: Float32Array): number => values.indexOf(values.reduce((a, b) => Math.max(a, b)));
