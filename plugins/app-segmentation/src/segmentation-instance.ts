import { Batcher } from '@zooid/batcher';
import { type Issue, ValidationError } from '@zooid/common';
import { inTurns, Turns } from '@zooid/data';
import { encoderFamily } from '@zooid/nn';
import {
  type AnswerContext,
  type AppInstance,
  type Collection,
  didYouMean,
  type Evaluation,
  type Model,
  ModelError,
  type OpenContext,
  type RunContext,
} from '@zooid/spec';
import { loadTokenizer, Slab, splitUnits, TokenizerError, type Units } from '@zooid/tokenizers';
import { decodeText } from './decode/decode-text.js';
import { type LexiconBody, type Quality, type SegmentationItem, SegmentationParameters } from './dto.js';
import { segmentationCases } from './evaluation-cases.js';
import { parseExample, type SegmentationExample } from './example.js';
import { isFastConfig, STUDENT } from './fast/fast-config.js';
import { FastSegmenter } from './fast/fast-segmenter.js';
import { Featurizer, type Row } from './features/featurizer.js';
import { lexiconMarks } from './features/lexicon-marks.js';
import { UNKNOWN_TAG } from './features/tags.js';
import { Dictionary } from './lexicon/dictionary.js';
import { unknownGranularity } from './lexicon/entry.js';
import { type Layer, LexiconSet } from './lexicon/lexicon-set.js';
import { segmentationMetrics, type TrainingWords, type WordsByGranularity } from './metrics.js';
import { BOTH } from './options.js';
import { type RowLogits, RowQueue } from './row-queue.js';
import { readSides, readTrainingWords } from './section-files.js';
import { requestable, type SegmentationConfig, segmentationConfigOf } from './segmentation-config.js';
import { windowsOf } from './windows.js';
import { type Word, wordsBetween } from './words.js';

export interface Words {
  readonly words: readonly Word[];
}

/** The words at one granularity, or the coarse words and the fine ones within them. */
export type SegmentationOutput =
  | ({ readonly granularity: string } & Words)
  | { readonly granularity: typeof BOTH; readonly coarse: Words; readonly fine: Words };

/** A text on its way through the model. */
interface Job {
  readonly units: Units;
  readonly layers: readonly Layer[];
  /** By granularity: coarse before fine. */
  readonly emissions: readonly Float32Array[];
}

/** What a model folder holds. */
interface ModelParts {
  readonly config: SegmentationConfig;
  /** Absent in the folder of a student alone. */
  readonly featurizer: Featurizer | undefined;
  readonly student: FastSegmenter | undefined;
  /** The model's own, which it was trained to read; not one of the dictionaries that are obeyed. */
  readonly lexicon: Dictionary | undefined;
  readonly trainingWords: TrainingWords;
  readonly lexicons: LexiconSet;
}

/** Long texts and lists fill any batch; with more operators than a classifier, larger ones cost a few per cent less a token. */
const TOKENS_PER_BATCH = 384;
/** Units that the student scores while the words before them are found. */
const UNITS_AHEAD = 32_768;
/** Rough microseconds of looking up a unit and its pairs, and of building a dictionary entry of the request's own. */
const MICROSECONDS_PER_UNIT = 0.4;
const MICROSECONDS_PER_ENTRY = 5;

/** Before the model reads it: whoever bounds the tokens of an item can refuse it. They are counted when all are known. */
function tellUnits({ onTokens }: AnswerContext, index: number, { count }: Units): void {
  if (onTokens === undefined) return;
  const perItem: number[] = [];
  perItem[index] = count;
  onTokens(0, perItem);
}

/** The segmentation app bound to one model. */
export class SegmentationInstance implements AppInstance<SegmentationItem, SegmentationParameters, SegmentationOutput> {
  readonly collections: Readonly<Record<string, Collection>>;
  private readonly turns = new Turns();
  private readonly batcher: Batcher<Row, RowLogits>;

  private constructor(
    private readonly model: Model,
    private readonly parts: ModelParts,
    { batching }: OpenContext,
  ) {
    const { lexicons } = parts;
    this.collections = { lexicons: lexicons as Collection<LexiconBody> as Collection };
    this.batcher = new Batcher({
      ...batching,
      maxTokens: batching?.maxTokens ?? TOKENS_PER_BATCH,
      run: (rows, { signal }) => this.score(rows, signal),
      lengthOf: ({ length }) => length,
      concurrency: model.concurrency,
    });
  }

  /** @throws ModelError when the folder was not trained by this app, or its parts contradict each other. */
  static async open(model: Model, context: OpenContext): Promise<SegmentationInstance> {
    const { id, folder, config } = model.artifacts;
    try {
      const own = isFastConfig(config) ? await openStudent(model, context) : await openAccurate(model, context);
      const trainingWords = await readTrainingWords(folder);
      const lexicons = await LexiconSet.open(folder, own.config.granularities);
      return new SegmentationInstance(model, { ...own, trainingWords, lexicons }, context);
    } catch (error) {
      if (!(error instanceof ValidationError || error instanceof TokenizerError)) throw error;
      throw new ModelError(id, error.message, { cause: error });
    }
  }

  async run(
    items: readonly SegmentationItem[],
    parameters: SegmentationParameters,
    context: AnswerContext = {},
  ): Promise<SegmentationOutput[]> {
    const { config, featurizer } = this.parts;
    const granularity = parameters.granularity ?? config.granularities[0]!;
    const quality = parameters.quality ?? (featurizer === undefined ? 'fast' : 'accurate');
    this.refuseUnknown({ granularity, quality }, items, parameters);
    const wanted = granularity === BOTH ? ['coarse', 'fine'] : [granularity];
    const jobs =
      quality === 'fast'
        ? this.scoreFast(items, wanted, parameters, context)
        : await this.scoreAll(items, wanted, parameters, context);
    const outputs: SegmentationOutput[] = [];
    const slab = new Slab();
    for await (const { units, layers, emissions } of jobs) {
      await this.turns.before(20 + MICROSECONDS_PER_UNIT * units.count * wanted.length);
      const scored = wanted.map((name, i) => ({ granularity: name, emissions: emissions[i]! }));
      const found = await inTurns(this.turns, decodeText(units, scored, layers, slab));
      const answers: Words[] = [];
      for (const boundaries of found) {
        answers.push({ words: await inTurns(this.turns, wordsBetween(units, boundaries, parameters.codePoints)) });
      }
      const [first, second] = answers;
      outputs.push(granularity === BOTH ? { granularity, coarse: first!, fine: second! } : { granularity, ...first! });
    }
    return outputs;
  }

  /** Records are read as the model's own recipe reads them. Granularities are scored each by itself. */
  async evaluate(records: readonly unknown[], context: RunContext = {}): Promise<Evaluation<SegmentationOutput>> {
    const { options, granularities } = this.parts.config;
    const examples = records.map((record, i) => exampleAt(record, i, options));
    refuseUnknownWords(examples, granularities);
    const words: Map<string, readonly string[]>[] = examples.map(() => new Map());
    const answers = new Array<SegmentationOutput>(records.length);
    for (const granularity of granularities) {
      const labelled = [...examples.keys()].filter((i) => examples[i]!.words.has(granularity));
      if (labelled.length === 0) continue;
      const items = labelled.map((i) => ({ text: examples[i]!.text }));
      const parameters = Object.assign(new SegmentationParameters(), { granularity });
      const outputs = await this.run(items, parameters, context);
      for (const [k, i] of labelled.entries()) {
        const output = outputs[k]!;
        answers[i] ??= output;
        words[i]!.set(granularity, 'words' in output ? scoredTexts(output.words) : []);
      }
    }
    const found: readonly WordsByGranularity[] = words;
    const { trainingWords } = this.parts;
    return {
      answers,
      metrics: segmentationMetrics(found, examples, granularities, trainingWords),
      cases: () => segmentationCases(found, examples, granularities, trainingWords),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Windows go to the model while later ones are still being read, so that a long text takes little memory at a time. */
  private async scoreAll(
    items: readonly SegmentationItem[],
    wanted: readonly string[],
    { lexiconMode, lexicons, corpus }: SegmentationParameters,
    context: AnswerContext,
  ): Promise<Job[]> {
    const stored = this.parts.lexicons.layers(lexicons); // the whole request is answered from one version
    const { granularityRows, corpora, corpusRows, options } = this.parts.config;
    const corpusTag = corpora.length === 0 ? [] : [corpusRows[corpus ?? UNKNOWN_TAG]!];
    const tags = wanted.map((name) => [granularityRows[name]!, ...corpusTag]);
    const featurizer = this.parts.featurizer!;
    const queue = new RowQueue(this.batcher, featurizer.firstUnit, context);
    // Features are forgotten before the rest.
    const [slab, featureSlab] = [new Slab(), new Slab()];
    const jobs: Job[] = [];
    for (const [index, { text, lexicon = [] }] of items.entries()) {
      await this.turns.before(20 + MICROSECONDS_PER_ENTRY * lexicon.length);
      const own = lexicon.length === 0 ? [] : [{ dictionary: new Dictionary(lexicon), mode: lexiconMode }];
      const units = await inTurns(this.turns, splitUnits(text, slab));
      tellUnits(context, index, units);
      const marks =
        this.parts.lexicon === undefined
          ? undefined
          : await inTurns(this.turns, lexiconMarks(units, this.parts.lexicon));
      const emissions = wanted.map(() => slab.float32(4 * units.count));
      for (const window of windowsOf(units, options.maxUnits)) {
        await this.turns.before(MICROSECONDS_PER_UNIT * (window.end - window.start));
        const features = featurizer.featurize(units, window, marks, featureSlab);
        for (const [i, rowTags] of tags.entries()) {
          await queue.add({ length: features.length, features, tags: rowTags }, units, emissions[i]!);
        }
      }
      jobs.push({ units, layers: [...own, ...stored], emissions });
    }
    const tokens = await queue.finish();
    context.onTokens?.(tokens);
    return jobs;
  }

  /** Words are found while the student goes on with later texts, so that no core waits for another. */
  private async *scoreFast(
    items: readonly SegmentationItem[],
    wanted: readonly string[],
    { lexiconMode, lexicons }: SegmentationParameters,
    context: AnswerContext,
  ): AsyncGenerator<Job, void> {
    const stored = this.parts.lexicons.layers(lexicons);
    const lengths = items.map(({ text }) => text.length);
    const queue = this.parts.student!.queue({ ...context, wanted, lengths });
    const slab = new Slab();
    const ahead: (Omit<Job, 'emissions'> & { readonly scored: Promise<Job['emissions']> })[] = [];
    let [tokens, unitsAhead] = [0, 0];
    const oldest = async (): Promise<Job> => {
      const { units, layers, scored } = ahead.shift()!;
      unitsAhead -= units.count;
      return { units, layers, emissions: await scored };
    };
    for (const [index, { text, lexicon = [] }] of items.entries()) {
      await this.turns.before(20 + MICROSECONDS_PER_ENTRY * lexicon.length);
      const own = lexicon.length === 0 ? [] : [{ dictionary: new Dictionary(lexicon), mode: lexiconMode }];
      const units = await inTurns(this.turns, splitUnits(text, slab));
      tellUnits(context, index, units);
      const { scored } = await queue.add(units, this.turns);
      ahead.push({ units, layers: [...own, ...stored], scored });
      tokens += units.count;
      unitsAhead += units.count;
      // Of those after it enough, that it is under way for certain.
      while (unitsAhead - ahead[0]!.units.count >= UNITS_AHEAD) yield await oldest();
    }
    await queue.flush();
    while (ahead.length > 0) yield await oldest();
    context.onTokens?.(tokens);
  }

  private async score(rows: readonly Row[], signal: AbortSignal): Promise<RowLogits[]> {
    const { logits } = await this.model.forward(this.parts.featurizer!.collate(rows), { signal, outputs: ['logits'] });
    const [, sequence] = logits!.dims as readonly [number, number, number];
    const data = logits!.data as Float32Array;
    return rows.map((_, row) => ({ logits: data, from: row * sequence }));
  }

  /** @throws ValidationError naming what the model knows instead. */
  private refuseUnknown(
    { granularity, quality }: { readonly granularity: string; readonly quality: Quality },
    items: readonly SegmentationItem[],
    { corpus }: SegmentationParameters,
  ): void {
    const { config, featurizer, student } = this.parts;
    const issues: Issue[] = [];
    if (quality === 'fast' && student === undefined) {
      const message = `is 'fast', but this model has no fast student; train one into its folder '${STUDENT}' as appzoo/segmentation/fast shows, or leave the parameter out`;
      issues.push({ path: '/parameters/quality', message });
    }
    if (quality === 'accurate' && featurizer === undefined) {
      issues.push({ path: '/parameters/quality', message: "is 'accurate', but this model is a fast student alone" });
    }
    const known = requestable(quality === 'fast' && student !== undefined ? student : config);
    if (!known.includes(granularity)) {
      issues.push({ path: '/parameters/granularity', message: unknownGranularity(granularity, known) });
    }
    const { granularities } = config;
    const corpora = quality === 'fast' ? [] : config.corpora;
    if (corpus !== undefined && !corpora.includes(corpus)) {
      const none = quality === 'fast' ? 'a fast student has none' : 'it was trained without corpus tags';
      const choice = corpora.length === 0 ? none : `known: ${corpora.join(', ')}`;
      const message = `is ${JSON.stringify(corpus)}, which this model has no tag for${didYouMean(corpus, corpora)}; ${choice}`;
      issues.push({ path: '/parameters/corpus', message });
    }
    for (const [i, { lexicon = [] }] of items.entries()) {
      for (const [k, entry] of lexicon.entries()) {
        if (entry.granularity === undefined || granularities.includes(entry.granularity)) continue;
        const message = unknownGranularity(entry.granularity, granularities);
        issues.push({ path: `/inputs/${i}/lexicon/${k}/granularity`, message });
      }
    }
    if (issues.length > 0) throw new ValidationError('request', issues.slice(0, 20));
  }
}

/** @throws ValidationError naming records whose words are of no granularity that the model knows. */
function refuseUnknownWords(examples: readonly SegmentationExample[], granularities: readonly string[]): void {
  const issues = examples.flatMap(({ words }, i) => {
    if (granularities.some((name) => words.has(name))) return [];
    const message = `has words of ${[...words.keys()].join(', ')} only; this model knows ${granularities.join(', ')}`;
    return [{ path: `/${i}`, message }];
  });
  if (issues.length > 0) throw new ValidationError('records', issues.slice(0, 20));
}

/** White space between words is no word to be scored. */
const scoredTexts = (words: readonly Word[]): string[] =>
  words.flatMap(({ text }) => (text.trim() === '' ? [] : [text]));

function exampleAt(record: unknown, index: number, options: SegmentationConfig['options']): SegmentationExample {
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

type NetworkParts = Pick<ModelParts, 'config' | 'featurizer' | 'lexicon' | 'student'>;

async function openAccurate(model: Model, context: OpenContext): Promise<NetworkParts> {
  const { folder, config: json } = model.artifacts;
  const config = segmentationConfigOf(json);
  const encoder = encoderFamily(json).parse(json);
  const { bigrams, lexicon } = await readSides(folder, config.options);
  const featurizer = new Featurizer({
    tokenizer: await loadTokenizer(folder),
    bigrams,
    hasLexicon: lexicon !== undefined,
    tagCount: config.corpora.length === 0 ? 1 : 2,
    hasSegments: encoder.type_vocab_size > 1,
  });
  const companion = await model.companion?.(STUDENT);
  const student = companion === undefined ? undefined : await FastSegmenter.open(companion, context);
  return { config, featurizer, lexicon, student };
}

async function openStudent(model: Model, context: OpenContext): Promise<NetworkParts> {
  const student = await FastSegmenter.open(model, context);
  const { options, granularities } = student;
  const config = { options, granularities, corpora: [], granularityRows: {}, corpusRows: {} };
  return { config, featurizer: undefined, lexicon: undefined, student };
}
