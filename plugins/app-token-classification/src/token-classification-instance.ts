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
import { loadTokenizer, longestInput, type Tokenizer, TokenizerError } from '@zooid/tokenizers';
import { answerOf, type TokenClassificationAnswer } from './answer.js';
import { createDecoder, type Decoder } from './decoder.js';
import { TokenClassificationParameters } from './dto.js';
import { guessFields, parseExample, type RecordFields } from './example.js';
import { Featurizer, type TextTokens, type WindowRow } from './featurizer.js';
import { entityMetrics } from './metrics.js';
import { type TaggerConfig, taggerConfigOf } from './tagger-config.js';
import type { TaggedText } from './token-records.js';

/** Rough microseconds of tokenizing a character, and of decoding a token with one label. */
const MICROSECONDS_PER_CHARACTER = 0.3;
const MICROSECONDS_PER_SCORE = 0.1;

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
    private readonly tokenizer: Tokenizer,
    private readonly featurizer: Featurizer,
    private readonly decoder: Decoder,
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
      const decoder = createDecoder(tagger, scores);
      return new TokenClassificationInstance(model, tagger, tokenizer, featurizer, decoder, context);
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
    const texts: { readonly tokens: TextTokens; readonly windows: readonly WindowRow[] }[] = [];
    for (const { text } of items) {
      await this.turns.before(20 + MICROSECONDS_PER_CHARACTER * text.length);
      const tokens = this.featurizer.tokens(text);
      texts.push({ tokens, windows: this.featurizer.windows(tokens, overlap) });
    }
    reportTokens(
      context,
      texts.map(({ windows }) => ({ length: windows.reduce((sum, { length }) => sum + length, 0) })),
    );
    const rows = texts.flatMap(({ windows }) => windows);
    const logits = await this.batcher.submit(rows, context);
    const reader = { tokenizer: this.tokenizer, tagSet: this.config.tagSet, decoder: this.decoder };
    const answers: TokenClassificationAnswer[] = [];
    let next = 0;
    for (const { tokens, windows } of texts) {
      const parts = logits.slice(next, next + windows.length);
      next += windows.length;
      await this.turns.before(10 + MICROSECONDS_PER_SCORE * parts.reduce((sum, { length }) => sum + length, 0));
      answers.push(answerOf(tokens, joined(parts), reader, parameters));
    }
    return answers;
  }

  /** Records are read as the model's own recipe reads them; those of foreign models by the usual names of fields. */
  async evaluate(records: readonly unknown[], context?: RunContext): Promise<Evaluation<TokenClassificationAnswer>> {
    const fields = this.config.options ?? guessFields(records[0], this.config.tagSet.labels);
    const examples = records.map((record, i) => exampleAt(record, i, fields));
    const answers = await this.run(examples, new TokenClassificationParameters(), context);
    return { answers, metrics: entityMetrics(answers as (readonly TokenEntity[])[], examples) };
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
