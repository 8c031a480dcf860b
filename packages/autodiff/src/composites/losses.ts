import { ShapeMismatchError, type Value } from '@zooid/onnx';
import { withGradient } from '../custom-gradient.js';
import { lazy } from '../vjp/lazy.js';
import { maskedMean } from './reductions.js';

export interface CrossEntropyOptions {
  /** Moves this much of the target's mass evenly onto all classes (Szegedy et al. 2016). Default 0. */
  readonly labelSmoothing?: number;
  /** float32 `[classes]`: weight of an example by its label. The mean divides by the sum of these weights, as PyTorch's does. */
  readonly classWeights?: Value;
  /** float32, shaped like the labels or like their leading axes. They scale the losses and do not enter the divisor. */
  readonly exampleWeights?: Value;
  /** Labels that do not count. Default −100; `null` when every label counts, which saves the masking. */
  readonly ignoreIndex?: number | null;
}

/**
 * Mean cross entropy over the labels that count; 0 when none does. Scalar.
 *
 * @param logits `[..., classes]`
 * @param labels int64 `[...]`, class numbers.
 * @throws ShapeMismatchError when the labels are not shaped like the leading axes of the logits.
 */
export function crossEntropy(logits: Value, labels: Value, options: CrossEntropyOptions = {}): Value {
  const { classWeights, exampleWeights, ignoreIndex = -100 } = options;
  const { graph, dtype } = logits;
  if (labels.rank !== logits.rank - 1)
    throw new ShapeMismatchError('crossEntropy', logits.shape.slice(0, -1), labels.shape);
  const ignored = ignoreIndex === null ? undefined : labels.equal(ignoreIndex);
  const safeLabels = ignored === undefined ? labels : ignored.where(graph.scalar(0, 'int64'), labels);
  const counts = ignored?.not().cast(dtype);
  const losses = crossEntropyPerExample(logits, safeLabels, options);
  const weighted = exampleWeights === undefined ? losses : losses.mul(alignLeading(exampleWeights, losses));
  if (classWeights !== undefined) {
    const weights = classWeights.gather(safeLabels);
    const counted = counts === undefined ? weights : weights.mul(counts);
    return total(counts === undefined ? weighted : weighted.mul(counts)).div(total(counted).maximum(1e-12));
  }
  return counts === undefined ? meanOf(weighted) : maskedMean(weighted, counts, allAxes(weighted));
}

/**
 * Cross entropy of each position, shaped like `labels`, which must all be class numbers.
 *
 * One gradient stands for log-softmax and selection together: with p = softmax(logits), target t of mass T,
 * ∂/∂logits = T·p − t. That is two passes over the logits and a scatter of one number per row.
 */
export function crossEntropyPerExample(
  logits: Value,
  labels: Value,
  { labelSmoothing = 0, classWeights }: Pick<CrossEntropyOptions, 'labelSmoothing' | 'classWeights'> = {},
): Value {
  const classes = logits.shape.at(-1)!;
  const last = logits.rank - 1;
  const logProbabilities = logits.logSoftmax(-1);
  const index = labels.unsqueeze([last]);
  const onLabel = classWeights === undefined ? undefined : classWeights.gather(index);
  const kept = 1 - labelSmoothing;
  const scaled = (x: Value, factor: number) => (factor === 1 ? x : x.mul(factor));

  const picked = logProbabilities.gatherElements(index, last);
  const hard = scaled(onLabel === undefined ? picked : picked.mul(onLabel), kept);
  // ε/C per class, times the class weight where there are any.
  const spread = lazy(() => {
    const each =
      typeof classes === 'number'
        ? logits.graph.scalar(labelSmoothing / classes)
        : logits.graph.scalar(labelSmoothing).div(classCount(logits));
    return classWeights === undefined ? each : classWeights.mul(each);
  });
  const value = labelSmoothing === 0 ? hard : hard.add(logProbabilities.mul(spread()).sum([last]));
  const result = value.neg().squeeze([last]);

  return withGradient(result, {
    inputs: [logits],
    vjp: (dy) => {
      const row = dy.unsqueeze([last]);
      const hit = scaled(onLabel === undefined ? row : row.mul(onLabel), kept);
      const probabilities = logProbabilities.exp();
      let soft: Value;
      if (labelSmoothing === 0) soft = probabilities.mul(hit);
      else if (onLabel === undefined) soft = probabilities.sub(spread()).mul(row);
      else
        soft = probabilities
          .mul(onLabel.mul(kept).add(spread().sum([0])))
          .sub(spread())
          .mul(row);
      return [logits.graph.emit('ScatterElements', [soft, index, hit.neg()], { axis: last, reduction: 'add' })[0]!];
    },
  });
}

/** Mean over rows of `−Σ target · log softmax(logits)`, for targets that are distributions. Scalar. */
export function softCrossEntropy(logits: Value, targets: Value, exampleWeights?: Value): Value {
  const losses = logits.logSoftmax(-1).mul(targets).sum([-1], false).neg();
  return meanOf(exampleWeights === undefined ? losses : losses.mul(alignLeading(exampleWeights, losses)));
}

export interface ElementwiseLossOptions {
  /** float32, broadcasts to the losses or is shaped like their leading axes; scales them. */
  readonly exampleWeights?: Value;
  /** float32, 1 = counts; the mean is over what counts. Broadcasts to the losses. */
  readonly mask?: Value;
}

/**
 * Mean of `−t·log σ(x) − (1 − t)·log(1 − σ(x))`, as `softplus(x) − x·t`, which neither overflows nor loses small terms.
 *
 * @param logits any shape.
 * @param targets float, same shape, in [0, 1].
 */
export function binaryCrossEntropyWithLogits(
  logits: Value,
  targets: Value,
  options: ElementwiseLossOptions = {},
): Value {
  const softplus = logits.graph.emit('Softplus', [logits])[0]!;
  return reduceLoss(softplus.sub(logits.mul(targets)), options);
}

/** Mean of `(prediction − target)²`. */
export function meanSquaredError(prediction: Value, target: Value, options: ElementwiseLossOptions = {}): Value {
  return reduceLoss(prediction.sub(target).square(), options);
}

function reduceLoss(losses: Value, { exampleWeights, mask }: ElementwiseLossOptions): Value {
  const weighted = exampleWeights === undefined ? losses : losses.mul(alignLeading(exampleWeights, losses));
  if (mask === undefined) return meanOf(weighted);
  const spread = alignLeading(mask, losses).expandLike(losses);
  return maskedMean(weighted, spread, allAxes(losses));
}

/** `[batch]` against `[batch, sequence]`: trailing axes of size 1 are added. */
function alignLeading(weights: Value, like: Value): Value {
  const missing = like.rank - weights.rank;
  if (missing <= 0) return weights;
  return weights.unsqueeze(Array.from({ length: missing }, (_, i) => weights.rank + i));
}

function classCount(logits: Value): Value {
  return logits
    .runtimeShape()
    .gather(logits.graph.scalar(logits.rank - 1, 'int64'))
    .cast(logits.dtype);
}

const allAxes = (x: Value) => x.shape.map((_, i) => i);
const total = (x: Value) => (x.rank === 0 ? x : x.sum(allAxes(x), false));
const meanOf = (x: Value) => (x.rank === 0 ? x : x.mean(allAxes(x), false));
