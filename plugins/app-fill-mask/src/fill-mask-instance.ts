import { type Issue, ValidationError } from '@zooid/common';
import { runInBatches } from '@zooid/data';
import {
  type AppInstance,
  type MaskedToken,
  type Model,
  ModelError,
  type RunContext,
  type TaskShapes,
} from '@zooid/spec';
import type { HostTensor } from '@zooid/tensor';
import {
  type Encoding,
  graphInputs,
  loadTokenizer,
  longestInput,
  padEncodings,
  type Tokenizer,
} from '@zooid/tokenizers';
import type { FillMaskItem, FillMaskParameters } from './dto.js';

/** Candidates for the one mask, or a list for each of several. */
export type FillMaskOutput = TaskShapes['fill-mask']['output'];

interface Row {
  /** Tokens, special ones included. */
  readonly length: number;
  readonly text: string;
  readonly encoding: Encoding;
  /** Token places of the masks. */
  readonly masks: readonly number[];
}

/** Scores in one run: those of the whole vocabulary come back for every position. */
const SCORES_PER_RUN = 4_000_000;
/** Runs of a request under way at a time; more would hold more scores in memory at once. */
const RUNS_IN_FLIGHT = 4;

/** The app bound to one masked language model. */
export class FillMaskInstance implements AppInstance<FillMaskItem, FillMaskParameters, FillMaskOutput> {
  private constructor(
    private readonly model: Model,
    private readonly tokenizer: Tokenizer,
    private readonly maskId: number,
    private readonly maxLength: number,
  ) {}

  /** @throws ModelError when the folder's tokenizer has no mask token. */
  static async open(model: Model): Promise<FillMaskInstance> {
    const { id, folder, config } = model.artifacts;
    const tokenizer = await loadTokenizer(folder);
    const mask = tokenizer.specialIds.mask;
    if (mask === undefined) {
      throw new ModelError(id, `model '${id}': its tokenizer has no mask token, so it cannot fill masks`);
    }
    return new FillMaskInstance(model, tokenizer, mask, await longestInput(folder, config));
  }

  async run(
    items: readonly FillMaskItem[],
    parameters: FillMaskParameters,
    context: RunContext = {},
  ): Promise<FillMaskOutput[]> {
    const rows = this.encode(items);
    const targets = this.targetIds(parameters.targets);
    const maxTokens = Math.ceil(SCORES_PER_RUN / this.tokenizer.vocabSize);
    const answer = async (batch: readonly Row[]): Promise<FillMaskOutput[]> => {
      const padded = padEncodings(batch.map(({ encoding }) => encoding));
      const names = this.model.inputs?.map(({ name }) => name);
      const feeds = graphInputs(padded, names);
      const { logits } = await this.model.forward(feeds, { ...context, outputs: ['logits'] });
      return batch.map((row, i) => this.answer(row, i, logits!, parameters.top_k, targets));
    };
    return runInBatches(rows, answer, { maxTokens, inFlight: RUNS_IN_FLIGHT, signal: context.signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  private encode(items: readonly FillMaskItem[]): Row[] {
    const issues: Issue[] = [];
    const token = this.tokenizer.specialTokens.mask;
    const rows = items.map(({ text }, index) => {
      const encoding = this.tokenizer.encode(text, { maxLength: this.maxLength });
      const masks = [...encoding.ids.keys()].filter((i) => encoding.ids[i] === this.maskId);
      if (masks.length === 0) {
        const message = text.includes(token)
          ? `has its ${token} behind the ${this.maxLength} tokens the model reads; shorten the text before it`
          : `needs at least one ${token}`;
        issues.push({ path: `/inputs/${index}/text`, message });
      }
      return { length: encoding.length, text, encoding, masks };
    });
    if (issues.length > 0) throw new ValidationError('inputs', issues);
    return rows;
  }

  private targetIds(targets: readonly string[] | undefined): readonly number[] | undefined {
    if (targets === undefined) return undefined;
    const issues: Issue[] = [];
    const ids = targets.map((target, i) => {
      const { ids } = this.tokenizer.encode(target, { addSpecialTokens: false, parseSpecialTokens: false });
      if (ids.length !== 1 || ids[0] === this.tokenizer.specialIds.unk) {
        issues.push({ path: `/parameters/targets/${i}`, message: `'${target}' is not one token of the vocabulary` });
      }
      return ids[0]!;
    });
    if (issues.length > 0) throw new ValidationError('parameters', issues);
    return [...new Set(ids)];
  }

  private answer(
    { text, encoding, masks }: Row,
    row: number,
    logits: HostTensor,
    topK: number,
    targets: readonly number[] | undefined,
  ): FillMaskOutput {
    const [, sequence, vocab] = logits.dims as readonly [number, number, number];
    const guesses = masks.map((place) => {
      const from = (row * sequence + place) * vocab;
      const scores = (logits.data as Float32Array).subarray(from, from + vocab);
      // A table padded beyond the tokenizer has rows that no token stands for.
      const candidates = targets ?? Array.from({ length: Math.min(vocab, this.tokenizer.vocabSize) }, (_, id) => id);
      return best(scores, candidates, topK).map(({ id, score }): MaskedToken => {
        const word = this.tokenizer.tokenOf(id).replace(/^##/, '');
        const [start, end] = [encoding.offsets[2 * place]!, encoding.offsets[2 * place + 1]!];
        return { score, token: id, token_str: word, sequence: text.slice(0, start) + word + text.slice(end) };
      });
    });
    return guesses.length === 1 ? guesses[0]! : guesses;
  }
}

/** The `count` best candidates by softmax over all candidates; of equal ones the lower id first. */
function best(scores: Float32Array, candidates: readonly number[], count: number): { id: number; score: number }[] {
  const highest = candidates.reduce((most, id) => Math.max(most, scores[id]!), Number.NEGATIVE_INFINITY);
  const total = candidates.reduce((sum, id) => sum + Math.exp(scores[id]! - highest), 0);
  return candidates
    .toSorted((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, count)
    .map((id) => ({ id, score: Math.exp(scores[id]! - highest) / total }));
}
