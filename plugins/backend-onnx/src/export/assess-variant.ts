import { createInferencePool, type InferencePool, SessionError } from '@zooid/runtime';
import { graphModel, type Model, type ModelArtifacts, ModelError, type VariantReport } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import type { VariantRule } from './build-variant.js';
import { compareOutputs, noDifference, type OutputDifference, worse } from './compare-outputs.js';
import type { Comparison } from './comparison.js';
import { lossOf } from './loss.js';

/** Points of the metric that a form may lose, unless told otherwise: what a small test cannot tell from nothing. */
const MAX_POINTS = 0.5;

/** More changed decisions than this share, and than one, are too many, unless told otherwise. */
const MAX_CHANGED = 0.02;

export type Assessment = OutputDifference & Pick<VariantReport, 'refusal' | 'evaluation' | 'comparedOn'>;

/** Runs a form beside the source on everything there is to compare on, and says what speaks against it. */
export async function assess(file: string, rule: VariantRule, comparison: Comparison): Promise<Assessment> {
  const { request, comparedOn } = comparison;
  try {
    await using pool = await createInferencePool({ model: file, workers: 1, maxQueue: 2 ** 20, runTimeoutMs: 0 });
    const { difference, evaluation } =
      request.evaluation === undefined
        ? { difference: await compareSamples(pool, comparison), evaluation: undefined }
        : await evaluate(pool, comparison);
    const refusal = refusalOf(difference, evaluation, rule, comparison);
    return {
      ...difference,
      comparedOn,
      ...(evaluation !== undefined && { evaluation }),
      ...(refusal !== undefined && { refusal }),
    };
  } catch (error) {
    if (!isEngineError(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return {
      ...noDifference,
      maxDifference: Number.POSITIVE_INFINITY,
      comparedOn,
      refusal: `does not run: ${message}`,
    };
  }
}

/** onnxruntime's own errors, which the app may have wrapped. */
const isEngineError = (error: unknown): boolean =>
  error instanceof SessionError || (error instanceof ModelError && error.cause instanceof SessionError);

async function compareSamples(
  pool: InferencePool,
  { samples, reference, request: { signal }, multiLabel }: Comparison,
): Promise<OutputDifference> {
  const context = signal === undefined ? {} : { signal };
  let difference = noDifference;
  for (const feeds of samples) {
    const expected = await reference.answer(feeds, undefined, context);
    const actual = await pool.run(feeds, context);
    difference = worse(difference, compareOutputs(expected, actual, { mask: feeds.attention_mask, multiLabel }));
  }
  return difference;
}

/** Lets the app answer its data on the form, and compares every pass that it makes with the source's. */
async function evaluate(pool: InferencePool, { artifacts, reference, request, scores, multiLabel }: Comparison) {
  const evaluation = request.evaluation!;
  const context = request.signal === undefined ? {} : { signal: request.signal };
  let difference = noDifference;
  const model = modelOf(artifacts, pool, async (feeds, outputs) => {
    const actual = await pool.run(feeds, { ...context, ...(outputs !== undefined && { outputs }) });
    const expected = await reference.answer(feeds, outputs, context);
    difference = worse(difference, compareOutputs(expected, actual, { mask: feeds.attention_mask, multiLabel }));
    return actual;
  });
  const metrics = await evaluation.score(model, context);
  const loss = lossOf(scores!, metrics, evaluation.metric);
  return { difference, evaluation: { data: evaluation.data, examples: evaluation.examples, ...loss } };
}

function modelOf(
  artifacts: ModelArtifacts,
  { inputs, outputs }: InferencePool,
  run: (feeds: TensorMap, outputs: readonly string[] | undefined) => Promise<TensorMap>,
): Model {
  return graphModel(artifacts, {
    inputs,
    outputs,
    run: (feeds, options) => run(feeds, options.outputs),
    async [Symbol.asyncDispose]() {},
  });
}

function refusalOf(
  { relativeDifference, decisions, changedDecisions }: OutputDifference,
  evaluation: VariantReport['evaluation'],
  { difference: usual, isLossy }: VariantRule,
  { request: { tolerance = {} }, comparedOn }: Comparison,
): string | undefined {
  const reasons: string[] = [];
  const { points = MAX_POINTS, changed = MAX_CHANGED } = tolerance;
  if (evaluation !== undefined && !(evaluation.lostPoints <= points)) {
    const { metric, reference, value, lostPoints } = evaluation;
    const [from, to] = [reference, value].map((number) => number.toFixed(4));
    reasons.push(`${metric} goes from ${from} to ${to}, ${lostPoints.toFixed(2)} points, more than ${points}`);
  }
  const difference = tolerance.difference ?? (evaluation !== undefined && isLossy ? Number.POSITIVE_INFINITY : usual);
  if (!(relativeDifference <= difference)) {
    reasons.push(`outputs differ by ${relativeDifference.toPrecision(2)} of their size, more than ${difference}`);
  }
  if (comparedOn !== 'random' && changedDecisions > Math.max(1, changed * decisions)) {
    reasons.push(`${changedDecisions} of ${decisions} decisions change, more than ${100 * changed} %`);
  }
  return reasons.length === 0 ? undefined : reasons.join('; ');
}
