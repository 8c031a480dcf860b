import type { Random, TensorMap } from '@zooid/tensor';
import type { MaskingOptions } from './options.js';
import type { TokenRun } from './token-store.js';

export interface MaskingContext {
  readonly options: MaskingOptions;
  readonly specialIds: { readonly cls: number; readonly sep: number; readonly mask: number };
  readonly vocabSize: number;
  /** Ids that are never put in as random tokens: the special ones. */
  readonly special: ReadonlySet<number>;
}

/** Tokens of a block that are guessed: the same for every block of a length, so that batches have one shape. */
export function guessedPerBlock(tokens: number, rate: number): number {
  return Math.max(1, Math.round(tokens * rate));
}

/**
 * `[CLS] block [SEP]` rows in which some tokens must be guessed: `input_ids`, `attention_mask`, `token_type_ids`
 * `[batch, sequence]`, and `masked_positions` (into the flattened `[batch · sequence]`) with their `labels`, both
 * `[guessed]`. Drawn anew each time, so a block that comes again is masked otherwise (Liu et al. 2019, "RoBERTa").
 *
 * @param blocks of equal length
 * @see Devlin et al. 2019, "BERT", §3.1: of the guessed tokens 80 % read `[MASK]`, 10 % a random one, 10 % themselves.
 */
export function maskBlocks(blocks: readonly TokenRun[], random: Random, context: MaskingContext): TensorMap {
  const { options, specialIds } = context;
  const tokens = blocks[0]!.ids.length;
  const sequence = tokens + 2;
  const guessed = guessedPerBlock(tokens, options.rate);
  const input = new BigInt64Array(blocks.length * sequence);
  const positions = new BigInt64Array(blocks.length * guessed);
  const labels = new BigInt64Array(blocks.length * guessed);
  blocks.forEach((block, row) => {
    const from = row * sequence;
    input[from] = BigInt(specialIds.cls);
    block.ids.forEach((id, i) => {
      input[from + 1 + i] = BigInt(id);
    });
    input[from + sequence - 1] = BigInt(specialIds.sep);
    chooseTokens(block, guessed, random, context).forEach((token, i) => {
      const at = from + 1 + token;
      positions[row * guessed + i] = BigInt(at);
      labels[row * guessed + i] = BigInt(block.ids[token]!);
      const drawn = random.uniform();
      if (drawn < options.mask) input[at] = BigInt(specialIds.mask);
      else if (drawn < options.mask + options.random) input[at] = BigInt(ordinaryToken(random, context));
    });
  });
  const dims = [blocks.length, sequence];
  return {
    input_ids: { dtype: 'int64', dims, data: input },
    attention_mask: { dtype: 'int64', dims, data: new BigInt64Array(input.length).fill(1n) },
    token_type_ids: { dtype: 'int64', dims, data: new BigInt64Array(input.length) },
    masked_positions: { dtype: 'int64', dims: [positions.length], data: positions },
    labels: { dtype: 'int64', dims: [labels.length], data: labels },
  };
}

/** Exactly `count` places in ascending order: whole words in random order, the last one cut where it does not fit. */
function chooseTokens(block: TokenRun, count: number, random: Random, context: MaskingContext): number[] {
  const chosen: number[] = [];
  for (const word of random.shuffle(wordsOf(block, context))) {
    chosen.push(...word.slice(0, count - chosen.length));
    if (chosen.length === count) return chosen.sort((a, b) => a - b);
  }
  // A block of hardly anything but separators: these are guessed too, so that the shape holds.
  for (let i = 0; chosen.length < count; i++) if (!chosen.includes(i)) chosen.push(i);
  return chosen.sort((a, b) => a - b);
}

/** Places of each word's tokens; separators between texts are nobody's to guess. */
function wordsOf({ ids, starts }: TokenRun, { options, special }: MaskingContext): number[][] {
  const words: number[][] = [];
  let open = false;
  ids.forEach((id, i) => {
    const isSpecial = special.has(id);
    if (!isSpecial && open && options.wholeWord && starts[i] === 0) words.at(-1)!.push(i);
    else if (!isSpecial) words.push([i]);
    open = !isSpecial;
  });
  return words;
}

function ordinaryToken(random: Random, { vocabSize, special }: MaskingContext): number {
  for (;;) {
    const id = random.int(vocabSize);
    if (!special.has(id)) return id;
  }
}
