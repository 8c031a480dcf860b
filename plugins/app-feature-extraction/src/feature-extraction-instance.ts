import { Batcher } from '@zooid/batcher';
import { type Issue, ValidationError } from '@zooid/common';
import { Turns } from '@zooid/data';
import { assertVocabularyFits } from '@zooid/hub';
import {
  type AnswerContext,
  type AppInstance,
  type Model,
  ModelError,
  type OpenContext,
  reportTokens,
  type TaskShapes,
  type TextItem,
} from '@zooid/spec';
import { toFloat32 } from '@zooid/tensor';
import {
  type Encoding,
  graphInputs,
  loadTokenizer,
  longestInput,
  padEncodings,
  type Tokenizer,
  TokenizerError,
} from '@zooid/tokenizers';
import type { FeatureExtractionParameters } from './dto.js';
import { type Pooling, pool, rowsOf, type TokenStates, unitVector } from './pooling.js';
import { readSentenceModules, type SentenceModules } from './sentence-modules.js';

/** One vector, or one per token. */
export type Embedding = TaskShapes['feature-extraction']['output'];

/** One text on its way through the model, with what its request wants of it. */
interface Row {
  readonly encoding: Encoding;
  readonly pooling: Pooling | 'none';
  readonly normalize: boolean;
}

/** Rough microseconds of tokenizing a character. */
const MICROSECONDS_PER_CHARACTER = 0.3;

/** Names under which exporters give the states of the last layer, `[batch, sequence, hidden]`. */
const stateNames = ['last_hidden_state', 'token_embeddings'];

/** The app bound to one encoder: any folder whose graph gives the states of its last layer. */
export class FeatureExtractionInstance implements AppInstance<TextItem, FeatureExtractionParameters, Embedding> {
  private readonly turns = new Turns();
  private readonly batcher: Batcher<Row, Embedding>;

  private constructor(
    private readonly model: Model,
    private readonly tokenizer: Tokenizer,
    private readonly modules: SentenceModules,
    private readonly maxLength: number,
    private readonly output: string,
    { batching }: OpenContext,
  ) {
    this.batcher = new Batcher({
      ...batching,
      run: (rows, { signal }) => this.answer(rows, signal),
      lengthOf: ({ encoding }) => encoding.length,
      concurrency: model.concurrency,
    });
  }

  /** @throws ModelError when the graph gives no states, or a file of the folder cannot be used. */
  static async open(model: Model, context: OpenContext): Promise<FeatureExtractionInstance> {
    const { id, folder, config } = model.artifacts;
    try {
      const tokenizer = await loadTokenizer(folder);
      const { vocab_size: rows } = config;
      assertVocabularyFits(`model '${id}'`, {
        tokenizer: tokenizer.vocabSize,
        config: typeof rows === 'number' ? rows : undefined,
      });
      const modules = await readSentenceModules(folder);
      const names = model.inputs?.map(({ name }) => name);
      graphInputs(padEncodings([tokenizer.encode('?')]), names); // refuses graphs that want other inputs
      const maxLength = await longestInput(folder, config);
      return new FeatureExtractionInstance(model, tokenizer, modules, maxLength, outputOf(model), context);
    } catch (error) {
      if (!(error instanceof ValidationError || error instanceof TokenizerError)) throw error;
      throw new ModelError(id, error.message, { cause: error });
    }
  }

  async run(
    items: readonly TextItem[],
    parameters: FeatureExtractionParameters,
    context: AnswerContext = {},
  ): Promise<Embedding[]> {
    const { pooling = this.modules.pooling ?? 'mean', normalize = this.modules.normalize } = parameters;
    const encodings = await this.encode(items, parameters);
    reportTokens(context, encodings);
    const rows = encodings.map((encoding): Row => ({ encoding, pooling, normalize }));
    return this.batcher.submit(rows, context);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  private async encode(items: readonly TextItem[], parameters: FeatureExtractionParameters): Promise<Encoding[]> {
    const prompt = this.promptOf(parameters);
    const { maxLength } = this;
    const issues: Issue[] = [];
    const rows: Encoding[] = [];
    for (const [index, item] of items.entries()) {
      const text = prompt + item.text;
      await this.turns.before(20 + MICROSECONDS_PER_CHARACTER * text.length);
      const encoding = this.tokenizer.encode(this.modules.lowercase ? text.toLowerCase() : text, {
        // One token more than fits tells what is too long, whatever its length.
        maxLength: parameters.truncate ? maxLength : maxLength + 1,
        // Texts come from strangers: '[SEP]' in one is five characters.
        parseSpecialTokens: false,
      });
      if (encoding.length > maxLength) {
        const message = `has more than the ${maxLength} tokens the model reads; shorten it, or set truncate`;
        issues.push({ path: `/inputs/${index}/text`, message });
      }
      rows.push(encoding);
    }
    if (issues.length > 0) throw new ValidationError('request', issues);
    return rows;
  }

  private promptOf({ prompt_name: asked }: FeatureExtractionParameters): string {
    const { prompts, defaultPrompt } = this.modules;
    const name = asked ?? defaultPrompt;
    if (name === undefined) return '';
    const prompt = prompts.get(name);
    if (prompt !== undefined) return prompt;
    const known = [...prompts.keys()].join(', ') || 'none';
    throw new ValidationError('request', [
      { path: '/parameters/prompt_name', message: `must be a prompt of the model (${known}), got '${name}'` },
    ]);
  }

  private async answer(rows: readonly Row[], signal: AbortSignal): Promise<Embedding[]> {
    const inputs = graphInputs(
      padEncodings(rows.map(({ encoding }) => encoding)),
      this.model.inputs?.map(({ name }) => name),
    );
    const outputs = await this.model.forward(inputs, { signal, outputs: [this.output] });
    const states = outputs[this.output]!;
    const [batch, sequence, width] = states.dims as readonly [number, number, number];
    if (states.dims.length !== 3 || batch !== rows.length || sequence !== inputs.input_ids!.dims[1]) {
      const { id } = this.model.artifacts;
      const message = `its graph gives ${this.output} [${states.dims.join(', ')}] for ${rows.length} texts`;
      throw new ModelError(id, `model '${id}': ${message}; expected [batch, sequence, hidden]`);
    }
    const data = toFloat32(states);
    return rows.map(({ encoding: { length }, pooling, normalize }, row) => {
      const finish = (vector: Float32Array) => Array.from(normalize ? unitVector(vector) : vector);
      const from = row * sequence * width;
      const own: TokenStates = { data: data.subarray(from, from + length * width), length, width };
      return pooling === 'none' ? rowsOf(own).map(finish) : finish(pool(own, pooling));
    });
  }
}

/** The output with the last layer's states. @throws ModelError naming the outputs there are. */
function outputOf({ artifacts: { id }, outputs }: Model): string {
  if (outputs === undefined) return stateNames[0]!;
  const found = stateNames.find((name) => outputs.some((output) => output.name === name));
  if (found !== undefined) return found;
  const names = outputs.map(({ name }) => name).join(', ');
  throw new ModelError(
    id,
    `model '${id}': its graph gives no ${stateNames[0]} (outputs: ${names}); export the encoder without the head of another task`,
  );
}
