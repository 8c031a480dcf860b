import { Batcher } from '@zooid/batcher';
import { ValidationError } from '@zooid/common';
import { Turns } from '@zooid/data';
import { assertVocabularyFits } from '@zooid/hub';
import {
  type AnswerContext,
  type AppInstance,
  type Evaluation,
  type LabelScore,
  type LabelsCase,
  type Model,
  ModelError,
  type OpenContext,
  type RunContext,
  reportTokens,
} from '@zooid/spec';
import { toFloat32 } from '@zooid/tensor';
import { loadTokenizer, longestInput, TokenizerError } from '@zooid/tokenizers';
import { labelScores, labelsThatHold } from './answer.js';
import { type ClassifierConfig, classifierConfigOf } from './classifier-config.js';
import { type TextClassificationItem, TextClassificationParameters } from './dto.js';
import { type ClassifiedExample, guessFields, parseExample, type RecordFields } from './example.js';
import { Featurizer, type TextFeatures } from './featurizer.js';
import { classificationMetrics } from './metrics.js';

type Answer = readonly LabelScore[];

/** One text on its way through the model, with what its request wants to know of it. */
interface Row {
  readonly features: TextFeatures;
  readonly parameters: TextClassificationParameters;
}

/** Rough microseconds of tokenizing a character. */
const MICROSECONDS_PER_CHARACTER = 0.3;

/** The app bound to one model: one that it trained, or any `…ForSequenceClassification` with a graph. */
export class TextClassificationInstance
  implements AppInstance<TextClassificationItem, TextClassificationParameters, Answer>
{
  /** Absent for regression models: a score without a scale has no metric of classification. */
  readonly evaluate?: (records: readonly unknown[], context?: RunContext) => Promise<Evaluation<Answer>>;
  private readonly thresholdOf: ReadonlyMap<string, number>;
  private readonly turns = new Turns();
  private readonly batcher: Batcher<Row, Answer>;

  private constructor(
    private readonly model: Model,
    private readonly config: ClassifierConfig,
    private readonly featurizer: Featurizer,
    private readonly output: string,
    { batching }: OpenContext,
  ) {
    this.batcher = new Batcher({
      ...batching,
      run: (rows, { signal }) => this.answer(rows, signal),
      lengthOf: ({ features }) => features.length,
      concurrency: model.concurrency,
    });
    this.thresholdOf = new Map(config.labels.map((label, i) => [label, config.thresholds[i]!]));
    if (config.outputFunction !== 'none') this.evaluate = this.score;
  }

  /** @throws ModelError when the folder was made for something else, or its parts contradict each other. */
  static async open(model: Model, context: OpenContext): Promise<TextClassificationInstance> {
    const { id, folder, config } = model.artifacts;
    try {
      const classifier = classifierConfigOf(config);
      const tokenizer = await loadTokenizer(folder);
      assertVocabularyFits(`model '${id}'`, { tokenizer: tokenizer.vocabSize, config: rowsOf(config) });
      const longest = await longestInput(folder, config);
      const featurizer = new Featurizer({
        tokenizer,
        maxLength: Math.min(longest, classifier.options?.maxLength ?? longest),
        inputs: model.inputs?.map(({ name }) => name),
      });
      featurizer.collate([featurizer.featurize({ text: '?' })]); // refuses graphs that want other inputs
      const output = outputOf(model, classifier.labels.length);
      return new TextClassificationInstance(model, classifier, featurizer, output, context);
    } catch (error) {
      if (!(error instanceof ValidationError || error instanceof TokenizerError)) throw error;
      throw new ModelError(id, error.message, { cause: error });
    }
  }

  async run(
    items: readonly TextClassificationItem[],
    parameters: TextClassificationParameters,
    context: AnswerContext = {},
  ): Promise<Answer[]> {
    const rows: Row[] = [];
    for (const item of items) {
      const length = item.text.length + (item.text_pair?.length ?? 0);
      await this.turns.before(20 + MICROSECONDS_PER_CHARACTER * length);
      rows.push({ features: this.featurizer.featurize(item), parameters });
    }
    reportTokens(
      context,
      rows.map(({ features }) => features),
    );
    return this.batcher.submit(rows, context);
  }

  private async answer(rows: readonly Row[], signal: AbortSignal): Promise<Answer[]> {
    const { labels } = this.config;
    const inputs = this.featurizer.collate(rows.map(({ features }) => features));
    const outputs = await this.model.forward(inputs, { signal, outputs: [this.output] });
    const logits = outputs[this.output]!;
    if (logits.dims.length !== 2 || logits.dims[1] !== labels.length) {
      const message = `its graph gives logits [${logits.dims.join(', ')}] for ${rows.length} texts and ${labels.length} labels`;
      throw new ModelError(this.model.artifacts.id, `model '${this.model.artifacts.id}': ${message}`);
    }
    const data = toFloat32(logits);
    return rows.map(({ parameters }, row) =>
      this.answerOf(data.subarray(row * labels.length, (row + 1) * labels.length), parameters),
    );
  }

  private answerOf(
    logits: Float32Array,
    { top_k, function_to_apply, threshold = Number.NEGATIVE_INFINITY, apply_thresholds }: TextClassificationParameters,
  ): Answer {
    const { labels, multiLabel, outputFunction } = this.config;
    const answer = labelScores(logits, labels, function_to_apply ?? outputFunction);
    return (apply_thresholds && multiLabel ? labelsThatHold(answer, this.thresholdOf) : answer)
      .filter(({ score }) => score >= threshold)
      .slice(0, top_k);
  }

  /** Records are read as the model's own recipe reads them; those of foreign models by the usual names of fields. */
  private readonly score = async (records: readonly unknown[], context?: RunContext): Promise<Evaluation<Answer>> => {
    const fields = this.config.options ?? {
      ...guessFields(records[0]),
      labelField: 'label',
      multiLabel: this.config.multiLabel,
    };
    const examples = records.map((record, i) => this.named(exampleAt(record, i, fields)));
    const answers = await this.run(examples, new TextClassificationParameters(), context);
    return {
      answers,
      metrics: classificationMetrics(answers, examples, this.config),
      cases: () => this.cases(examples, answers),
    };
  };

  private *cases(examples: readonly ClassifiedExample[], answers: readonly Answer[]): Generator<LabelsCase> {
    for (const [index, { text, text_pair, labels }] of examples.entries()) {
      const scores = answers[index]!;
      const answered = this.config.multiLabel ? labelsThatHold(scores, this.thresholdOf) : scores.slice(0, 1);
      const asked = text_pair === undefined ? text : `${text}\n${text_pair}`;
      yield { kind: 'labels', index, text: asked, expected: labels, answered };
    }
  }

  /** Data sets often give a label by its id. */
  private named(example: ClassifiedExample): ClassifiedExample {
    if (this.config.options !== undefined) return example;
    const nameOf = (label: string) =>
      this.thresholdOf.has(label) || !/^\d+$/.test(label) ? label : (this.config.labels[Number(label)] ?? label);
    return { ...example, labels: example.labels.map(nameOf) };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const rowsOf = ({ vocab_size: rows }: Readonly<Record<string, unknown>>): number | undefined =>
  typeof rows === 'number' ? rows : undefined;

/** The graph's logits: `logits`, or its only output with a column per label. @throws ModelError naming the outputs. */
function outputOf({ artifacts: { id }, outputs }: Model, labels: number): string {
  if (outputs === undefined || outputs.some(({ name }) => name === 'logits')) return 'logits';
  const fitting = outputs.filter(
    ({ shape }) => shape.length === 2 && (typeof shape[1] === 'string' || shape[1] === labels),
  );
  if (fitting.length === 1) return fitting[0]!.name;
  const names = outputs.map(({ name }) => name).join(', ');
  throw new ModelError(id, `model '${id}': its graph gives no logits for ${labels} labels (outputs: ${names})`);
}

function exampleAt(record: unknown, index: number, fields: RecordFields): ClassifiedExample {
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
