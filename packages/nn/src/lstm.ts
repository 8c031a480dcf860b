import type { Value } from '@zooid/onnx';
import { normal, zeros } from './initialise.js';
import { widthOf } from './linear.js';
import type { ModuleContext } from './module-context.js';

export interface LstmOptions {
  /** Width of a direction's state. */
  readonly hidden: number;
  /** Layers on top of each other; default 1. */
  readonly layers?: number;
  /** Reads every row backwards too, with weights of its own; default false. */
  readonly bidirectional?: boolean;
  /**
   * Tokens of each row, int32 `[batch]`: states beyond are 0, and the way back begins at the row's own end. Default: every
   * row is full.
   */
  readonly lengths?: Value;
  /** Dropout rate between layers; default 0. */
  readonly dropout?: number;
}

/**
 * Long short-term memory under the parameter names and in the layout of PyTorch's `nn.LSTM`: `weight_ih_l0`
 * `[4·hidden, in]`, `weight_hh_l0` `[4·hidden, hidden]`, `bias_ih_l0` and `bias_hh_l0` `[4·hidden]`, with `_reverse` for the way back, gates in
 * the order i, f, g, o. For inference: the operator has no derivative.
 *
 * @param x `[batch, sequence, in]`
 * @returns the top layer's states, `[batch, sequence, hidden]`, or `2·hidden` with the way back behind.
 * @see Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"
 */
export function lstm(context: ModuleContext, x: Value, options: LstmOptions): Value {
  const { layers = 1, dropout = 0 } = options;
  let states = x;
  for (let layer = 0; layer < layers; layer++) {
    states = lstmLayer(context, layer === 0 ? states : context.dropout(states, dropout), layer, options);
  }
  return states;
}

function lstmLayer(context: ModuleContext, x: Value, layer: number, options: LstmOptions): Value {
  const { hidden, bidirectional = false, lengths = null } = options;
  const width = widthOf(x, 'lstm');
  const suffixes = bidirectional ? ['', '_reverse'] : [''];
  const initial = normal(1 / Math.sqrt(3 * hidden));
  // One block a direction, as the operator wants them: [directions, …].
  const stacked = (block: (suffix: string) => Value): Value => {
    const [first, ...rest] = suffixes.map((suffix) => block(suffix).unsqueeze([0]));
    return rest.length === 0 ? first! : first!.concat(rest, 0);
  };
  const gates = (name: string, shape: readonly number[], initializer = initial): Value =>
    reorderGates(context.parameter(name, shape, initializer), hidden);
  const w = stacked((suffix) => gates(`weight_ih_l${layer}${suffix}`, [4 * hidden, width]));
  const r = stacked((suffix) => gates(`weight_hh_l${layer}${suffix}`, [4 * hidden, hidden]));
  const b = stacked((suffix) =>
    gates(`bias_ih_l${layer}${suffix}`, [4 * hidden], zeros).concat(
      [gates(`bias_hh_l${layer}${suffix}`, [4 * hidden], zeros)],
      0,
    ),
  );
  const [states] = context.graph.emit(
    'LSTM',
    // onnxruntime has the operator for sequences first only.
    [x.transpose([1, 0, 2]), w, r, b, lengths],
    { direction: bidirectional ? 'bidirectional' : 'forward', hidden_size: hidden },
    1,
  );
  const [batch, sequence] = x.shape;
  return states!.transpose([2, 0, 1, 3]).reshape([batch!, sequence!, suffixes.length * hidden]);
}

/** PyTorch's i, f, g, o to ONNX's i, o, f, c, where c is g. */
function reorderGates(value: Value, hidden: number): Value {
  const [i, f, g, o] = value.split(0, [hidden, hidden, hidden, hidden]);
  return i!.concat([o!, f!, g!], 0);
}
