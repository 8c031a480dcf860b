import { setImmediate as nextTurn } from 'node:timers/promises';
import { AbortError, ValidationError } from '@zooid/common';
import type { AppInstance, Collection, Evaluation, Model, OpenContext, RunContext } from '@zooid/spec';
import { CodePoints, loadTokenizer, type Tokenizer } from '@zooid/tokenizers';
import { type AnswerSlot, decodeAnswers, type IntentAnswer } from './answer.js';
import { type IntentItem, IntentParameters, type LexiconBody } from './dto.js';
import { type IntentExample, parseExample } from './example.js';
import { Featurizer, type TextFeatures } from './featurizer.js';
import { type IntentConfig, intentConfigOf } from './intent-config.js';
import { intentMetrics } from './intent-metrics.js';
import { Lexicon, type LexiconMatch } from './lexicon/lexicon.js';
import { LexiconSet } from './lexicon/lexicon-set.js';
import { SlotLabels } from './slot-labels.js';

export interface GateValue {
  readonly token: string;
  readonly start: number;
  readonly end: number;
  readonly gate: number;
}

export interface IntentOutput extends IntentAnswer {
  readonly slots: readonly AnswerSlot[];
  readonly gate?: readonly GateValue[];
}

/** Padded tokens per run: beyond about 512 the activations leave the cache and throughput falls. */
const TOKEN_BUDGET = 512;
/** Texts featurised before other requests get a turn on the event loop. */
const TEXTS_PER_TURN = 16;

/** The intent app bound to one model. */
export class IntentInstance implements AppInstance<IntentItem, IntentParameters, IntentOutput> {
  readonly collections: Readonly<Record<string, Collection>>;
  private readonly featurizer: Featurizer;

  private constructor(
    private readonly model: Model,
    private readonly config: IntentConfig,
    tokenizer: Tokenizer,
    private readonly lexicons: LexiconSet,
  ) {
    const { fusion, maxLength } = config.options;
    this.featurizer = new Featurizer(tokenizer, new SlotLabels(config.slotTypes), fusion, maxLength);
    this.collections = { lexicons: lexicons as Collection<LexiconBody> as Collection };
  }

  static async open(model: Model, context: OpenContext): Promise<IntentInstance> {
    const config = intentConfigOf(model.artifacts.config);
    const { folder } = model.artifacts;
    const [tokenizer, lexicons] = await Promise.all([loadTokenizer(folder), LexiconSet.open(folder, context.notify)]);
    return new IntentInstance(model, config, tokenizer, lexicons);
  }

  async run(items: readonly IntentItem[], parameters: IntentParameters, context?: RunContext): Promise<IntentOutput[]> {
    const lexicon = this.lexicons.current; // the whole request is answered from one version
    const config = parameters.threshold === undefined ? this.config : { ...this.config, threshold: parameters.threshold };
    const rows: TextFeatures[] = [];
    for (const [i, item] of items.entries()) {
      if (i % TEXTS_PER_TURN === TEXTS_PER_TURN - 1) await nextTurn();
      rows.push(this.featurizer.featurize(item.text, this.withRequestEntries(lexicon, item)));
    }
    const outputs = new Array<IntentOutput>(items.length);
    const wanted = parameters.explain && this.hasGate ? ['logits', 'gate'] : ['logits'];
    await Promise.all(
      lengthBatches(rows).map(async (batch) => {
        AbortError.throwIfAborted(context?.signal);
        const features = batch.map((i) => rows[i]!);
        const results = await this.model.forward(this.featurizer.collate(features), { ...context, outputs: wanted });
        const answers = decodeAnswers(results, features, config);
        const gate = results['gate'];
        batch.forEach((i, row) => {
          const { scores, ...answer } = answers[row]!;
          outputs[i] = {
            ...answer,
            scores: scores.slice(0, parameters.topK),
            slots: slotsOf(items[i]!.text, rows[i]!, parameters.codePoints),
            ...(gate === undefined ? {} : { gate: gateValues(rows[i]!, gate.data as Float32Array, row * gate.dims[1]!) }),
          };
        });
      }),
    );
    return outputs;
  }

  /** Records are read as the model's own recipe reads them. */
  async evaluate(records: readonly unknown[], context?: RunContext): Promise<Evaluation<IntentOutput>> {
    const examples = records.map((record, i) => exampleAt(record, i, this.config.options));
    const parameters = Object.assign(new IntentParameters(), { topK: this.config.labels.length });
    const answers = await this.run(examples, parameters, context);
    return { answers, metrics: intentMetrics(answers, examples, this.config.options) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lexicons[Symbol.asyncDispose]();
  }

  private get hasGate(): boolean {
    const { mode } = this.config.options.fusion;
    return mode === 'gated' || mode === 'full';
  }

  private withRequestEntries(lexicon: Lexicon, { lexicon: entries }: IntentItem): Pick<Lexicon, 'match'> {
    if (entries === undefined || entries.length === 0) return lexicon;
    const own = Lexicon.build(entries.map(({ surface, type }) => ({ surface, type, popularity: 1 })));
    return { match: (text) => [...lexicon.match(text), ...own.match(text)] };
  }
}

function exampleAt(record: unknown, index: number, options: IntentConfig['options']): IntentExample {
  try {
    return parseExample(record, options);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError('records', error.issues.map(({ path, message }) => ({ path: `/${index}${path}`, message })));
  }
}

/** Row indices grouped by similar length, each group within the token budget. */
function lengthBatches(rows: readonly TextFeatures[]): number[][] {
  const order = rows.map((_, i) => i).sort((a, b) => rows[b]!.length - rows[a]!.length);
  const batches: number[][] = [];
  let capacity = 0;
  for (const i of order) {
    if (capacity === 0) {
      batches.push([]);
      capacity = Math.max(1, Math.floor(TOKEN_BUDGET / rows[i]!.length));
    }
    batches.at(-1)!.push(i);
    capacity--;
  }
  return batches;
}

/** Matches that no longer match covers, in text order; one per type where a span has several. */
function slotsOf(text: string, { placed }: TextFeatures, withCodePoints: boolean): AnswerSlot[] {
  const matches = placed.map(({ match }) => match);
  const inside = (a: LexiconMatch, b: LexiconMatch) =>
    b.start <= a.start && a.end <= b.end && b.end - b.start > a.end - a.start;
  const maximal = matches.filter((match) => !matches.some((other) => inside(match, other)));
  const seen = new Set<string>();
  const points = withCodePoints ? new CodePoints(text) : undefined;
  return maximal
    .filter(({ start, end, type }) => {
      const key = `${start}:${end}:${type}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => a.start - b.start || b.end - a.end || (a.type < b.type ? -1 : 1))
    .map(({ type, start, end }) => ({
      type,
      text: text.slice(start, end),
      start,
      end,
      ...(points === undefined ? {} : { codePoints: [points.fromUtf16(start), points.fromUtf16(end)] as const }),
    }));
}

function gateValues({ encoding }: TextFeatures, gate: Float32Array, offset: number): GateValue[] {
  return encoding.tokens.map((token, i) => ({
    token,
    start: encoding.offsets[2 * i]!,
    end: encoding.offsets[2 * i + 1]!,
    gate: gate[offset + i]!,
  }));
}
