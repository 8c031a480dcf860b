import { readFileSync } from 'node:fs';
import { grad } from '@zooid/autodiff';
import { GraphBuilder } from '@zooid/nn';
import { pruneGraph, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, type HostTensor, type TensorMap, tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { emitClassifier, feedsOf, paddedRows, randomWeights, runModule } from './random-bert.js';

interface Golden {
  readonly provenance: { readonly seed: number };
  readonly batch: { readonly labels: readonly number[] };
  readonly lastHiddenState: readonly unknown[];
  readonly embeddings: readonly unknown[];
  readonly pooledOutput: readonly unknown[];
  readonly logits: readonly unknown[];
  readonly loss: number;
  readonly gradients: Readonly<
    Record<string, { readonly norm: number; readonly sum: number; readonly head: readonly number[] }>
  >;
}

const golden = JSON.parse(
  readFileSync(new URL('./__golden__/bert-classifier.json', import.meta.url), 'utf8'),
) as Golden;
const feeds: TensorMap = { ...feedsOf(paddedRows), labels: tensor('int64', golden.batch.labels) };

const declaring = new GraphBuilder();
emitClassifier(declaring);
const weights = randomWeights(declaring.parameters, golden.provenance.seed);

const expected = (values: readonly unknown[], like: HostTensor): HostTensor =>
  tensor('float32', values.flat(Number.POSITIVE_INFINITY) as number[], like.dims);

describe('the BERT classifier', () => {
  it('computes the hidden states, pooled output and logits of PyTorch', async () => {
    const outputs = await runModule(
      (context) => {
        const { encoder, pooled, logits } = emitClassifier(context);
        return { embeddings: encoder.hiddenStates[0]!, states: encoder.lastHiddenState, pooled, logits };
      },
      feeds,
      weights,
    );
    const pairs = [
      [outputs.embeddings!, golden.embeddings],
      [outputs.states!, golden.lastHiddenState],
      [outputs.pooled!, golden.pooledOutput],
      [outputs.logits!, golden.logits],
    ] as const;
    for (const [actual, values] of pairs) expect(allClose(actual, expected(values, actual))).toBe(true);
  });

  it("has PyTorch's loss and gradients, padding and repeated tokens included", async () => {
    const builder = new GraphBuilder();
    const loss = emitClassifier(builder).loss();
    const wrt = builder.parameters.map(({ name }) => builder.weight(name));
    const gradients = grad(builder.graph, loss, wrt);
    builder.graph.output(loss, 'loss');
    for (const [i, { name }] of builder.parameters.entries())
      builder.graph.output(gradients[i]!.dense!, `grad:${name}`);
    const outputs = await runModel(writeModel(pruneGraph(builder.graph)), { ...feeds, ...Object.fromEntries(weights) });

    expect(Math.abs(toNumbers(outputs.loss!)[0]! - golden.loss)).toBeLessThan(1e-6);
    const whole = Math.hypot(...Object.values(golden.gradients).map(({ norm }) => norm));
    expect(Object.keys(golden.gradients)).toEqual(builder.parameters.map(({ name }) => name));
    for (const [name, { norm, sum, head }] of Object.entries(golden.gradients)) {
      const actual = toNumbers(outputs[`grad:${name}`]!);
      // Key biases have a zero gradient, which float32 reaches up to rounding: hence the share of the whole.
      const tolerance = 1e-5 * norm + 1e-7 * whole;
      expect(Math.abs(Math.hypot(...actual) - norm), name).toBeLessThan(tolerance);
      expect(Math.abs(actual.reduce((a, b) => a + b, 0) - sum), name).toBeLessThan(10 * tolerance);
      for (const [i, value] of head.entries()) expect(Math.abs(actual[i]! - value), name).toBeLessThan(tolerance);
    }
  });
});
