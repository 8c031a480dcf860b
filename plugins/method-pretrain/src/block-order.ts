import type { Random } from '@zooid/tensor';
import type { TokenRun, TokenStore } from './token-store.js';

/**
 * Blocks of a corpus in shuffled passes. Each pass cuts the corpus at other places, so that a token is not always at
 * the same end of its block. A block is a function of its number and the seed.
 */
export class BlockOrder {
  /** Blocks in a pass: one less than fit, so that a pass may start up to a block later. */
  readonly perPass: number;
  private shuffled: { readonly pass: number; readonly order: Uint32Array; readonly offset: number } | undefined;

  constructor(
    private readonly store: TokenStore,
    /** Tokens of a block. */
    private readonly tokens: number,
    private readonly random: Random,
  ) {
    this.perPass = Math.floor(store.length / tokens) - 1;
  }

  /** @param index from 0 on, over all passes */
  block(index: number): TokenRun {
    const pass = Math.floor(index / this.perPass);
    if (this.shuffled?.pass !== pass) {
      const order = Uint32Array.from({ length: this.perPass }, (_, i) => i);
      const offset = this.random.fork('offset', pass).int(this.tokens);
      this.shuffled = { pass, order: this.random.fork('order', pass).shuffle(order), offset };
    }
    const { order, offset } = this.shuffled;
    return this.store.read(order[index % this.perPass]! * this.tokens + offset, this.tokens);
  }
}
