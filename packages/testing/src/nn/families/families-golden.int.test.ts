import { grad } from '@zooid/autodiff';
import { GraphBuilder } from '@zooid/nn';
import { pruneGraph, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { emitGolden } from './emit-golden.js';
import { goldenFeeds, goldenModels } from './golden-files.js';
import { goldenValues, goldenWeights } from './golden-weights.js';

const cases = goldenModels().flatMap((model) => Object.keys(model.tasks).map((task) => ({ model, task })));

describe.each(cases)('$model.name with a head for $task', ({ model, task }) => {
  const golden = model.tasks[task]!;

  it("declares the checkpoint's parameters, and has PyTorch's logits, loss and gradients", async () => {
    const builder = new GraphBuilder();
    const { logits, loss } = emitGolden(builder, model, task);
    const names = builder.parameters.map(({ name }) => name);
    expect([...names].sort()).toEqual(Object.keys(golden.gradients).sort());

    const gradients = grad(
      builder.graph,
      loss,
      names.map((name) => builder.weight(name)),
    );
    builder.graph.output(logits, 'logits');
    builder.graph.output(loss, 'loss');
    for (const [i, name] of names.entries()) builder.graph.output(gradients[i]!.dense!, `grad:${name}`);
    const graph = pruneGraph(builder.graph);
    const weights = goldenWeights(builder.parameters);
    const all = { ...goldenFeeds(model), ...Object.fromEntries(weights) };
    const outputs = await runModel(
      writeModel(graph),
      Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]!])),
    );

    const first = toNumbers(outputs.logits!);
    for (const [i, value] of golden.logits.entries())
      expect(Math.abs(first[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    expect(Math.abs(toNumbers(outputs.loss!)[0]! - golden.loss)).toBeLessThan(1e-5 * golden.loss);

    const whole = Math.hypot(...Object.values(golden.gradients).map(([norm]) => norm));
    for (const [name, [norm, projection]] of Object.entries(golden.gradients)) {
      const actual = toNumbers(outputs[`grad:${name}`]!);
      const direction = goldenValues(`direction:${name}`, actual.length);
      const projected = actual.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      // Key biases have a zero gradient, which float32 reaches up to rounding: hence the share of the whole.
      const tolerance = 1e-5 * norm + 1e-7 * whole;
      expect(Math.abs(Math.hypot(...actual) - norm), name).toBeLessThan(tolerance);
      expect(Math.abs(projected - projection), name).toBeLessThan(tolerance * Math.hypot(...direction));
    }
  });
});
