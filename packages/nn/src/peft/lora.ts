import { normal, uniform, zeros } from '../initialise.js';
import { widthOf } from '../linear.js';
import type { LinearView } from '../module-context.js';

/** The low-rank update of one linear layer. */
export interface LoraLayer {
  readonly rank: number;
  /** `alpha / rank`; `alpha / √rank` for rank-stabilised adapters. */
  readonly scale: number;
}

export interface LoraOptions {
  /** The update of the linear layer at a path, `bert.encoder.layer.0.attention.self.query`; `undefined`: none. */
  readonly layer: (path: string) => LoraLayer | undefined;
  /** Rate of dropout on what enters A; default 0. */
  readonly dropout?: number;
  /** How A starts: as loralib does (default), or normal with a deviation of 1 / rank, as PEFT does for the paper's Gaussian. */
  readonly initializer?: 'kaiming-uniform' | 'gaussian';
}

/** Names of the two parameters beside a linear layer, as PEFT has them below its wrapper. */
export const loraParameters = (path: string): { readonly down: string; readonly up: string } => ({
  down: `${path}.lora_A.weight`,
  up: `${path}.lora_B.weight`,
});

/**
 * Low-rank updates beside linear layers: `y + scale · dropout(x) Aᵀ Bᵀ`, with `lora_A.weight` `[rank, in]` and
 * `lora_B.weight` `[out, rank]`, which starts at zero.
 *
 * The update runs on `x`, so neither B·A nor its gradient, as large as the frozen weight, is ever there.
 *
 * @see Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", §4.1
 */
export function lora({ layer, dropout = 0, initializer }: LoraOptions): LinearView {
  return ({ path, input, output }, context) => {
    const found = layer(path);
    if (found === undefined) return output;
    const { rank, scale } = found;
    const [width, out] = [widthOf(input, 'lora'), widthOf(output, 'lora')];
    const names = loraParameters(path);
    // Kaiming-uniform with a = √5: what PyTorch gives a linear layer of this width.
    const start = initializer === 'gaussian' ? normal(1 / rank) : uniform(1 / Math.sqrt(width));
    const down = context.parameter(names.down, [rank, width], start);
    const up = context.parameter(names.up, [out, rank], zeros);
    const dropped = context.child(`${path}.lora`).dropout(input, dropout);
    // Scaled where it is narrowest.
    return output.add(dropped.matmul(down.swapLastTwo()).mul(scale).matmul(up.swapLastTwo()));
  };
}
