import { Batcher } from '@zooid/batcher';
import { type Issue, ValidationError } from '@zooid/common';
import { Turns } from '@zooid/data';
import {
  type AnswerContext,
  type AppInstance,
  type MaskedToken,
  type Model,
  ModelError,
  type OpenContext,
  reportTokens,
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

/** One text on its way through the model, with what its request wants of it. */
interface Row {
  readonly text: string;
  readonly encoding: Encoding;
  /** Token places of the masks. */
  readonly masks: readonly number[];
  readonly topK: number;
  /** Tokens to choose from; undefined: all. */
  readonly targets: readonly number[] | undefined;
}

/** Scores in one run: those of the whole vocabulary come back for every position. */
const SCORES_PER_RUN = 4_000_000;
/** Rough microseconds of tokenizing a character. */
const MICROSECONDS_PER_CHARACTER = 0.3;
/** Rough microseconds of looking through one candidate for a mask. */
const MICROSECONDS_PER_CANDIDATE = 0.02;

/** The app bound to one masked language model. */
export class FillMaskInstance implements AppInstance<FillMaskItem, FillMaskParameters, FillMaskOutput> {
  private readonly turns = new Turns();
  /** Every token, for requests without targets. */
  private readonly everyId: readonly number[];
  private readonly batcher: Batcher<Row, FillMaskOutput>;

  private constructor(
    private readonly model: Model,
    private readonly tokenizer: Tokenizer,
    private readonly maskId: number,
    private readonly maxLength: number,
    { batching }: OpenContext,
  ) {
    const { maxTokens = 256 } = batching ?? {};
    this.batcher = new Batcher({
      ...batching,
      maxTokens: Math.min(maxTokens, Math.ceil(SCORES_PER_RUN / tokenizer.vocabSize)),
      run: (rows, { signal }) => this.answer(rows, signal),
      lengthOf: ({ encoding }) => encoding.length,
      // One more than run at a time: the words of one batch are chosen here while the workers go on.
      concurrency: 1 + (model.concurrency ?? 1),
    });
    this.everyId = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
  }

  /** @throws ModelError when the folder's tokenizer has no mask token. */
  static async open(model: Model, context: OpenContext = {}): Promise<FillMaskInstance> {
    const { id, folder, config } = model.artifacts;
    const tokenizer = await loadTokenizer(folder);
    const mask = tokenizer.specialIds.mask;
    if (mask === undefined) {
      throw new ModelError(id, `model '${id}': its tokenizer has no mask token, so it cannot fill masks`);
    }
    return new FillMaskInstance(model, tokenizer, mask, await longestInput(folder, config), context);
  }

  async run(
    items: readonly FillMaskItem[],
    parameters: FillMaskParameters,
    context: AnswerContext = {},
  ): Promise<FillMaskOutput[]> {
    const rows = await this.encode(items, parameters);
    reportTokens(
      context,
      rows.map(({ encoding }) => encoding),
    );
    return this.batcher.submit(rows, context);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  private async encode(items: readonly FillMaskItem[], parameters: FillMaskParameters): Promise<Row[]> {
    const issues: Issue[] = [];
    const targets = this.targetIds(parameters.targets);
    const token = this.tokenizer.specialTokens.mask;
    const rows: Row[] = [];
    for (const [index, { text }] of items.entries()) {
      await this.turns.before(20 + MICROSECONDS_PER_CHARACTER * text.length);
      const encoding = this.tokenizer.encode(text, { maxLength: this.maxLength });
      const masks = [...encoding.ids.keys()].filter((i) => encoding.ids[i] === this.maskId);
      if (masks.length === 0) {
        const message = text.includes(token)
          ? `has its ${token} behind the ${this.maxLength} tokens the model reads; shorten the text before it`
          : `needs at least one ${token}`;
        issues.push({ path: `/inputs/${index}/text`, message });
      }
      rows.push({ text, encoding, masks, topK: parameters.top_k, targets });
    }
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

  private async answer(rows: readonly Row[], signal: AbortSignal): Promise<FillMaskOutput[]> {
    const padded = padEncodings(rows.map(({ encoding }) => encoding));
    const feeds = graphInputs(
      padded,
      this.model.inputs?.map(({ name }) => name),
    );
    const { logits } = await this.model.forward(feeds, { signal, outputs: ['logits'] });
    const answers: FillMaskOutput[] = [];
    for (const [i, row] of rows.entries()) {
      await this.turns.before(MICROSECONDS_PER_CANDIDATE * (row.targets ?? this.everyId).length * row.masks.length);
      answers.push(this.answerOf(row, i, logits!));
    }
    return answers;
  }

  private answerOf({ text, encoding, masks, topK, targets }: Row, row: number, logits: HostTensor): FillMaskOutput {
    const [, sequence, vocab] = logits.dims as readonly [number, number, number];
    // A table padded beyond the tokenizer has rows that no token stands for.
    const candidates = targets ?? this.everyId.slice(0, vocab);
    const guesses = masks.map((place) => {
      const from = (row * sequence + place) * vocab;
      const scores = (logits.data as Float32Array).subarray(from, from + vocab);
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
  const precedes = (a: number, b: number) => scores[a]! > scores[b]! || (scores[a] === scores[b] && a < b);
  // Few are wanted of many: each candidate is compared with the last of them, and seldom goes further.
  const chosen: number[] = [];
  for (const id of candidates) {
    if (chosen.length === count && !precedes(id, chosen[count - 1]!)) continue;
    let place = Math.min(chosen.length, count - 1);
    for (; place > 0 && precedes(id, chosen[place - 1]!); place--) chosen[place] = chosen[place - 1]!;
    chosen[place] = id;
  }
  return chosen.map((id) => ({ id, score: Math.exp(scores[id]! - highest) / total }));
}
