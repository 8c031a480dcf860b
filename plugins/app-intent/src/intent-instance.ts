import { Batcher } from '@zooid/batcher';
import { ValidationError } from '@zooid/common';
import { Turns } from '@zooid/data';
import { encoderFamily } from '@zooid/nn';
import {
  type AnswerContext,
  type AppInstance,
  type Collection,
  type Evaluation,
  type Model,
  ModelError,
  type OpenContext,
  type RunContext,
  reportTokens,
} from '@zooid/spec';
import type { HostTensor } from '@zooid/tensor';
import { loadTokenizer } from '@zooid/tokenizers';
import type { AnswerSlot, IntentAnswer } from './answer.js';
import { withCodePoints } from './answer-slots.js';
import { type IntentItem, IntentParameters, type LexiconBody, type RequestEntry } from './dto.js';
import { intentCases } from './evaluation-cases.js';
import { type IntentExample, parseExample } from './example.js';
import { Featurizer, type TextFeatures } from './featurizer.js';
import { type IntentConfig, intentConfigOf } from './intent-config.js';
import { intentMetrics } from './intent-metrics.js';
import { Lexicon } from './lexicon/lexicon.js';
import { LexiconSet } from './lexicon/lexicon-set.js';
import { AnswerReader, type AnswerWithSlots } from './read-answers.js';
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

/** One text on its way through the model, with what its request wants to know of it. */
interface Row {
  readonly text: string;
  readonly features: TextFeatures;
  readonly parameters: IntentParameters;
}

/** Rough microseconds of tokenizing and matching a character, and of building a lexicon entry of the request's own. */
const MICROSECONDS_PER_CHARACTER = 0.3;
const MICROSECONDS_PER_ENTRY = 5;

/** The intent app bound to one model. */
export class IntentInstance implements AppInstance<IntentItem, IntentParameters, IntentOutput> {
  readonly collections: Readonly<Record<string, Collection>>;

  private readonly turns = new Turns();
  private readonly reader: AnswerReader;
  private readonly batcher: Batcher<Row, IntentOutput>;

  private constructor(
    private readonly model: Model,
    private readonly config: IntentConfig,
    private readonly featurizer: Featurizer,
    private readonly lexicons: LexiconSet,
    { batching }: OpenContext,
  ) {
    this.reader = new AnswerReader(config);
    this.batcher = new Batcher({
      ...batching,
      run: (rows, { signal }) => this.answer(rows, signal),
      lengthOf: ({ features }) => features.length,
      concurrency: model.concurrency,
    });
    this.collections = { lexicons: lexicons as Collection<LexiconBody> as Collection };
  }

  /** @throws ModelError when the folder was not trained by this app, or a word list in it cannot be used. */
  static async open(model: Model, context: OpenContext): Promise<IntentInstance> {
    const { id, folder, config } = model.artifacts;
    try {
      const intent = intentConfigOf(config);
      const family = encoderFamily(config);
      const encoder = family.parse(config);
      const featurizer = new Featurizer({
        tokenizer: await loadTokenizer(folder),
        labels: new SlotLabels(intent.slotTypes),
        fusion: intent.options.fusion,
        maxLength: intent.options.maxLength,
        maxPositions: family.longestSequence(encoder),
        hasSegments: encoder.type_vocab_size > 1,
      });
      const lexicons = await LexiconSet.open(folder, context.notify);
      return new IntentInstance(model, intent, featurizer, lexicons, context);
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      throw new ModelError(id, error.message, { cause: error });
    }
  }

  async run(
    items: readonly IntentItem[],
    parameters: IntentParameters,
    context: AnswerContext = {},
  ): Promise<IntentOutput[]> {
    const lexicon = this.lexicons.current; // the whole request is answered from one version
    const rows: Row[] = [];
    for (const item of items) {
      await this.turns.before(hostCost(item));
      const { text } = item;
      const features = this.featurizer.featurize(text, withRequestEntries(lexicon, item.lexicon));
      rows.push({ text, features, parameters });
    }
    reportTokens(
      context,
      rows.map(({ features }) => features),
    );
    return this.batcher.submit(rows, context);
  }

  private async answer(rows: readonly Row[], signal: AbortSignal): Promise<IntentOutput[]> {
    const wantsGate = this.hasGate && rows.some(({ parameters }) => parameters.explain);
    const inputs = this.featurizer.collate(rows.map(({ features }) => features));
    const outputs = wantsGate ? [...this.reader.outputs, 'gate'] : this.reader.outputs;
    const { gate, ...results } = await this.model.forward(inputs, { signal, outputs });
    const texts = rows.map(({ text, features, parameters: { threshold } }) => ({ text, features, threshold }));
    return this.reader.read(texts, results).map((answer, i) => outputOf(rows[i]!, answer, i, gate));
  }

  /** Records are read as the model's own recipe reads them. */
  async evaluate(records: readonly unknown[], context?: RunContext): Promise<Evaluation<IntentOutput>> {
    const examples = records.map((record, i) => exampleAt(record, i, this.config.options));
    const parameters = Object.assign(new IntentParameters(), { topK: this.config.labels.length });
    const answers = await this.run(examples, parameters, context);
    const { options } = this.config;
    return {
      answers,
      metrics: intentMetrics(answers, examples, options),
      cases: () => intentCases(answers, examples, options),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lexicons[Symbol.asyncDispose]();
  }

  private get hasGate(): boolean {
    const { mode } = this.config.options.fusion;
    return mode === 'gated' || mode === 'full';
  }
}

/** Entries that the caller knows outrank the lists, however popular those are. */
function withRequestEntries(lexicon: Lexicon, entries: readonly RequestEntry[] | undefined): Pick<Lexicon, 'match'> {
  if (entries === undefined || entries.length === 0) return lexicon;
  const own = Lexicon.build(entries.map(({ surface, type }) => ({ surface, type, popularity: Number.MAX_VALUE })));
  return { match: (text, end) => [...lexicon.match(text, end), ...own.match(text, end)] };
}

function exampleAt(record: unknown, index: number, options: IntentConfig['options']): IntentExample {
  try {
    return parseExample(record, options);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(
      'records',
      error.issues.map(({ path, message }) => ({ path: `/${index}${path}`, message })),
    );
  }
}

function hostCost({ text, lexicon }: IntentItem): number {
  return 20 + MICROSECONDS_PER_CHARACTER * text.length + MICROSECONDS_PER_ENTRY * (lexicon?.length ?? 0);
}

function gateValues({ encoding }: TextFeatures, gate: Float32Array, offset: number): GateValue[] {
  return encoding.tokens.map((token, i) => ({
    token,
    start: encoding.offsets[2 * i]!,
    end: encoding.offsets[2 * i + 1]!,
    gate: gate[offset + i]!,
  }));
}

function outputOf(
  { text, features, parameters }: Row,
  { scores, slots, ...answer }: AnswerWithSlots,
  row: number,
  gate: HostTensor | undefined,
): IntentOutput {
  const { topK, explain, codePoints } = parameters;
  const gates =
    explain && gate !== undefined ? gateValues(features, gate.data as Float32Array, row * gate.dims[1]!) : undefined;
  return {
    ...answer,
    scores: scores.slice(0, topK),
    slots: codePoints ? withCodePoints(text, slots) : slots,
    ...(gates !== undefined && { gate: gates }),
  };
}
