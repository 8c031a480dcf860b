import { Batcher } from '@zooid/batcher';
import { ValidationError } from '@zooid/common';
import { Turns } from '@zooid/data';
import { assertVocabularyFits } from '@zooid/hub';
import {
  type AnswerContext,
  type AppInstance,
  type Evaluation,
  type Model,
  ModelError,
  type OpenContext,
  type RunContext,
  reportTokens,
  type TextItem,
  type TokenEntity,
} from '@zooid/spec';
import { readStepScores } from '@zooid/tagging';
import { toFloat32 } from '@zooid/tensor';
import { loadTokenizer, longestInput, TokenizerError } from '@zooid/tokenizers';
import { answerOf, type Reader, type TokenClassificationAnswer } from './answer.js';
import { createDecoder } from './decoder.js';
import { TokenClassificationParameters } from './dto.js';
import { entityCases } from './evaluation-cases.js';
import { guessFields, parseExample, type RecordFields } from './example.js';
import { Featurizer, type TextTokens, type WindowRow } from './featurizer.js';
import { entityMetrics } from './metrics.js';
import { sectionsOf } from './sections.js';
import { type TaggerConfig, taggerConfigOf } from './tagger-config.js';
import type { TaggedText } from './token-records.js';

/** Rough microseconds of tokenizing a character, and of decoding a token with one label. */
const MICROSECONDS_PER_CHARACTER = 0.3;
const MICROSECONDS_PER_SCORE = 0.1;

/** Tokens that are decoded at once, and about as many that wait for it: bounds the memory that a long text takes. */
const longestSection = 8192;

/** Part of a text, on its way through the model. */
interface Section {
  /** Place of its text in the request. */
  readonly item: number;
  readonly tokens: TextTokens;
  readonly windows: readonly WindowRow[];
}

/** The app bound to one model: one that it trained, or any `…ForTokenClassification` with a graph. */
export class TokenClassificationInstance
  implements AppInstance<TextItem, TokenClassificationParameters, TokenClassificationAnswer>
{
  private readonly turns = new Turns();
  /** Rows are windows of texts, answers the logits of what each window keeps. */
  private readonly batcher: Batcher<WindowRow, Float32Array>;

  private constructor(
    private readonly model: Model,
    private readonly config: TaggerConfig,
    private readonly featurizer: Featurizer,
    private readonly reader: Reader,
    { batching }: OpenContext,
  ) {
    this.batcher = new Batcher({
      ...batching,
      run: (rows, { signal }) => this.logitsOf(rows, signal),
      lengthOf: ({ length }) => length,
      concurrency: model.concurrency,
    });
  }

  /** @throws ModelError when the folder was made for something else, or its parts contradict each other. */
  static async open(model: Model, context: OpenContext): Promise<TokenClassificationInstance> {
    const { id, folder, config } = model.artifacts;
    try {
      const tagger = taggerConfigOf(config);
      const tokenizer = await loadTokenizer(folder);
      assertVocabularyFits(`model '${id}'`, { tokenizer: tokenizer.vocabSize, config: rowsOf(config) });
      const longest = await longestInput(folder, config);
      const featurizer = new Featurizer({
        tokenizer,
        maxLength: Math.min(longest, tagger.options?.maxLength ?? longest),
        inputs: model.inputs?.map(({ name }) => name),
      });
      const [probe] = featurizer.windows(featurizer.tokens('?'), 0);
      const inputs = featurizer.collate([probe!]); // refuses graphs that want other inputs
      refuseOtherOutputs(model, tagger);
      const steps = tagger.decoder === 'crf' ? await model.forward(inputs, { outputs: ['transitions'] }) : undefined;
      const scores = steps && readStepScores(steps.transitions!, tagger.tagSet.size);
      const reader = { tokenizer, tagSet: tagger.tagSet, decoder: createDecoder(tagger, scores) };
      return new TokenClassificationInstance(model, tagger, featurizer, reader, context);
    } catch (error) {
      if (!(error instanceof ValidationError || error instanceof TokenizerError || error instanceof RangeError))
        throw error;
      throw new ModelError(id, error.message, { cause: error });
    }
  }

  async run(
    items: readonly TextItem[],
    parameters: TokenClassificationParameters,
    context: AnswerContext = {},
  ): Promise<TokenClassificationAnswer[]> {
    const overlap = this.overlapOf(parameters);
    const sections: Section[] = [];
    const lengths = items.map(() => ({ length: 0 }));
    for (const [item, { text }] of items.entries()) {
      await this.turns.before(20 + MICROSECONDS_PER_CHARACTER * text.length);
      for (const tokens of sectionsOf(this.featurizer.tokens(text), longestSection)) {
        const windows = this.featurizer.windows(tokens, overlap);
        sections.push({ item, tokens, windows });
        lengths[item]!.length += tokensIn(windows);
      }
    }
    reportTokens(context, lengths);
    const answers = items.map((): TokenClassificationAnswer[number][] => []);
    for (const group of groupsOf(sections)) {
      const rows = group.flatMap(({ windows }) => windows);
      const logits = (await this.batcher.submit(rows, context)).values();
      for (const { item, tokens, windows } of group) {
        const scores = joined(windows.map(() => logits.next().value!));
        await this.turns.before(10 + MICROSECONDS_PER_SCORE * scores.length);
        for (const answer of answerOf(tokens, scores, this.reader, parameters)) answers[item]!.push(answer);
      }
    }
    return answers as TokenClassificationAnswer[];
  }

  /** Records are read as the model's own recipe reads them; those of foreign models by the usual names of fields. */
  async evaluate(records: readonly unknown[], context?: RunContext): Promise<Evaluation<TokenClassificationAnswer>> {
    const fields = this.config.options ?? guessFields(records[0], this.config.tagSet.labels);
    const examples = records.map((record, i) => exampleAt(record, i, fields));
    const answers = await this.run(examples, new TokenClassificationParameters(), context);
    const entities = answers as (readonly TokenEntity[])[];
    return {
      answers,
      metrics: entityMetrics(entities, examples),
      cases: () => entityCases(entities, examples),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  private overlapOf({ stride }: TokenClassificationParameters): number {
    const { room } = this.featurizer;
    if (stride === undefined) return Math.floor(room / 4);
    if (stride < room) return stride;
    const message = `must be less than the ${room} tokens of a text that the model reads at once`;
    throw new ValidationError('request', [{ path: '/parameters/stride', message }]);
  }

  private async logitsOf(rows: readonly WindowRow[], signal: AbortSignal): Promise<Float32Array[]> {
    const { size } = this.config.tagSet;
    const { logits } = await this.model.forward(this.featurizer.collate(rows), { signal, outputs: ['logits'] });
    const [batch, sequence, labels] = logits!.dims;
    if (logits!.dims.length !== 3 || batch !== rows.length || labels !== size) {
      const { id } = this.model.artifacts;
      const message = `its graph gives logits [${logits!.dims.join(', ')}] for ${rows.length} texts and ${size} labels`;
      throw new ModelError(id, `model '${id}': ${message}`);
    }
    const data = toFloat32(logits!);
    return rows.map(({ window, before }, row) => {
      const at = row * sequence! + before - window.from;
      return data.subarray((at + window.first) * size, (at + window.last) * size);
    });
  }
}

const rowsOf = ({ vocab_size: rows }: Readonly<Record<string, unknown>>): number | undefined =>
  typeof rows === 'number' ? rows : undefined;

/** @throws ModelError naming the outputs that there are. */
function refuseOtherOutputs({ artifacts: { id }, outputs }: Model, { decoder }: TaggerConfig): void {
  const needed = decoder === 'crf' ? ['logits', 'transitions'] : ['logits'];
  const missing = needed.filter((name) => outputs !== undefined && !outputs.some((output) => output.name === name));
  if (missing.length === 0) return;
  const names = outputs!.map(({ name }) => name).join(', ');
  throw new ModelError(id, `model '${id}': its graph gives no ${missing.join(' and no ')} (outputs: ${names})`);
}

const tokensIn = (windows: readonly WindowRow[]): number => windows.reduce((sum, { length }) => sum + length, 0);

/** Sections that go through the model together. */
function groupsOf(sections: readonly Section[]): Section[][] {
  const groups: Section[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  for (const section of sections) {
    if (tokens > longestSection) {
      groups.push([]);
      tokens = 0;
    }
    groups.at(-1)!.push(section);
    tokens += tokensIn(section.windows);
  }
  return groups;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function exampleAt(record: unknown, index: number, fields: RecordFields): TaggedText {
  try {
    return parseExample(record, fields);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(
      'records',
      error.issues.map(({ path, message }) => ({ path: `/${index}${path}`, message })),
    );
  }
}
