import { type Issue, ValidationError } from '@zooid/common';
import { inTurns, Turns } from '@zooid/data';
import { encoderFamily } from '@zooid/nn';
import {
  type AnswerContext,
  type AppInstance,
  didYouMean,
  type Evaluation,
  type Model,
  ModelError,
  type OpenContext,
  type RunContext,
} from '@zooid/spec';
import { loadTokenizer, splitUnits, TokenizerError } from '@zooid/tokenizers';
import { codePointCount, type SentenceOutput, sentencesAfter, type Tail } from './answer.js';
import { completeness, decode } from './decode/decode.js';
import { withMarks } from './decode/marks.js';
import { committedBy, finalCuts, LONGEST_SENTENCE } from './decode/partial.js';
import { SentenceItem, SentenceParameters } from './dto.js';
import { sentenceCases } from './evaluation-cases.js';
import { joined, parseExample, type SentenceExample } from './example.js';
import { Featurizer } from './features.js';
import { type ReadText, sentenceMetrics } from './metrics.js';
import type { Mode } from './options.js';
import { emptyReading, type Reading } from './reading.js';
import { type AskedRow, RowReader } from './row-reader.js';
import { type SentenceConfig, sentenceConfigOf } from './sentence-config.js';
import { markOffset, type Passage, passageOf } from './text/passage.js';

/** Rough microseconds of finding a unit and its token. */
const MICROSECONDS_PER_UNIT = 0.4;

/** A text on its way through the model, from `committed` on. */
interface Job extends Tail {
  readonly item: SentenceItem;
  readonly reading: Reading;
  /** First place that may become a cut. */
  readonly from: number;
}

/** The sentence-boundary app bound to one model. */
export class SentenceBoundaryInstance implements AppInstance<SentenceItem, SentenceParameters, SentenceOutput> {
  private readonly turns = new Turns();
  private readonly reader: RowReader;

  private constructor(
    model: Model,
    private readonly config: SentenceConfig,
    private readonly featurizer: Featurizer,
    { batching }: OpenContext,
  ) {
    this.reader = new RowReader(model, featurizer, config.modes, batching);
  }

  /** @throws ModelError when the folder was not trained by this app, or its parts contradict each other. */
  static async open(model: Model, context: OpenContext): Promise<SentenceBoundaryInstance> {
    const { id, folder, config } = model.artifacts;
    try {
      const section = sentenceConfigOf(config);
      const encoder = encoderFamily(config).parse(config);
      const featurizer = new Featurizer({
        tokenizer: await loadTokenizer(folder),
        maxUnits: section.options.maxUnits,
        hasSegments: encoder.type_vocab_size > 1,
      });
      return new SentenceBoundaryInstance(model, section, featurizer, context);
    } catch (error) {
      if (!(error instanceof ValidationError || error instanceof TokenizerError)) throw error;
      throw new ModelError(id, error.message, { cause: error });
    }
  }

  async run(
    items: readonly SentenceItem[],
    parameters: SentenceParameters,
    context: AnswerContext = {},
  ): Promise<SentenceOutput[]> {
    const mode = this.modeOf(parameters);
    refuseBadStates(items);
    const jobs: Job[] = [];
    await this.read(this.jobsOf(items, [mode], parameters, jobs), context);
    const outputs: SentenceOutput[] = [];
    for (const job of jobs) {
      await this.turns.before(20 + MICROSECONDS_PER_UNIT * job.passage.count);
      outputs.push(await this.answer(job, mode, parameters));
    }
    return outputs;
  }

  /** Records are read as the model's own recipe reads them; each counts for the modes that it has labels of. */
  async evaluate(records: readonly unknown[], context: RunContext = {}): Promise<Evaluation<SentenceOutput>> {
    const { modes, options } = this.config;
    const examples = records.map((record, i) => exampleAt(record, i, options.fields));
    const items = examples.map(({ pieces }) => Object.assign(new SentenceItem(), { text: joined(pieces).text }));
    const parameters = new SentenceParameters();
    const jobs: Job[] = [];
    await this.read(this.jobsOf(items, modes, parameters, jobs), context);
    const answers: SentenceOutput[] = [];
    for (const job of jobs) answers.push(await this.answer(job, modes[0]!, parameters));
    const texts: readonly ReadText[] = jobs;
    return {
      answers,
      metrics: sentenceMetrics(texts, examples, this.config),
      cases: () => sentenceCases(texts, examples, this.config),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  private async read(rows: AsyncIterable<AskedRow>, context: AnswerContext): Promise<void> {
    const tokens = await this.reader.readAll(rows, context);
    context.onTokens?.(tokens);
  }

  /** The rows of all texts; fills `jobs` on the way. */
  private async *jobsOf(
    items: readonly SentenceItem[],
    modes: readonly Mode[],
    { window, codePoints }: SentenceParameters,
    jobs: Job[],
  ): AsyncGenerator<AskedRow, void> {
    const classes = this.config.marks.length + 1;
    for (const item of items) {
      const { text, partial } = item;
      const offset = partial?.committed ?? 0;
      await this.turns.before(20);
      const units = await inTurns(this.turns, splitUnits(text.slice(offset)));
      const passage = await inTurns(this.turns, passageOf(units));
      const { count } = passage;
      // Marks are given again with every partial result, and a sentence that grows too long is cut anywhere.
      const isWhole = partial?.settled === undefined || modes.includes('punct') || count > LONGEST_SENTENCE;
      const from = isWhole ? 0 : placesBefore(passage, partial!.settled! - offset);
      const reading = emptyReading(count, modes, classes);
      const before = codePoints ? codePointCount(text.slice(0, offset)) : undefined;
      jobs.push({ item, passage, offset, codePoints: before, reading, from });
      for (const row of this.featurizer.rows(passage, Math.max(0, from - window), count)) {
        await this.turns.before(MICROSECONDS_PER_UNIT * row.length);
        yield { ...row, reading };
      }
    }
  }

  private async answer(job: Job, mode: Mode, parameters: SentenceParameters): Promise<SentenceOutput> {
    const { passage, item, reading, offset } = job;
    const threshold = parameters.threshold ?? this.config.thresholds[mode];
    const { minLength } = parameters;
    const { marks } = this.config;
    const decoded = decode(passage, reading, { mode, marks, threshold, minLength, from: job.from });
    const chosen = mode === 'punct' ? decoded.chosen : undefined;
    const isComplete = completeness(passage, decoded.ends);
    const { text } = passage.units;
    const restored = chosen && { text: withMarks(passage, chosen, { start: 0, end: text.length }) };
    const { partial } = item;
    if (partial === undefined) {
      const ends = [...decoded.cuts, Math.max(0, passage.count - 1)];
      const sentences = await inTurns(this.turns, sentencesAfter(job, ends, chosen));
      return { mode, sentences, ...restored, isComplete };
    }
    const final = finalCuts(passage, decoded, { ...parameters, pause: partial.pause, threshold });
    const committed = committedBy(passage, final);
    return {
      mode,
      sentences: await inTurns(this.turns, sentencesAfter(job, final, chosen)),
      ...restored,
      isComplete,
      rest: text.slice(committed),
      partial: { committed: offset + committed, settled: offset + settledBy(passage, committed, parameters.window) },
    };
  }

  /** @throws ValidationError naming what the model knows instead. */
  private modeOf({ mode }: SentenceParameters): Mode {
    const { modes } = this.config;
    const known: readonly string[] = modes;
    if (mode === undefined) return modes[0]!;
    if (known.includes(mode)) return mode as Mode;
    const message = `is ${JSON.stringify(mode)}, which this model was not trained for${didYouMean(mode, known)}; known: ${known.join(', ')}`;
    throw new ValidationError('request', [{ path: '/parameters/mode', message }]);
  }
}

/** How many places end at or before a UTF-16 index. */
function placesBefore(passage: Passage, index: number): number {
  let places = 0;
  while (places < passage.count && markOffset(passage, places) <= index) places++;
  return places;
}

/** Where the last `window` places begin, unless more than that is final. */
function settledBy(passage: Passage, committed: number, window: number): number {
  const place = passage.count - 1 - window;
  return place < 0 ? committed : Math.max(committed, markOffset(passage, place));
}

/** @throws ValidationError when a partial result does not fit its text. */
function refuseBadStates(items: readonly SentenceItem[]): void {
  const issues: Issue[] = [];
  for (const [i, { text, partial }] of items.entries()) {
    if (partial === undefined) continue;
    for (const name of ['committed', 'settled'] as const) {
      const at = partial[name] ?? partial.committed;
      const path = `/inputs/${i}/partial/${name}`;
      if (at > text.length) {
        issues.push({ path, message: `is ${at}, but the text has ${text.length} UTF-16 units; a text can only grow` });
      } else if (isInsidePair(text, at)) {
        issues.push({ path, message: `is ${at}, which is inside a surrogate pair` });
      } else if (at < partial.committed) {
        issues.push({ path, message: `is ${at}, but what is before committed (${partial.committed}) is final` });
      }
    }
  }
  if (issues.length > 0) throw new ValidationError('request', issues.slice(0, 20));
}

const isInsidePair = (text: string, at: number): boolean =>
  at > 0 && at < text.length && (text.charCodeAt(at) & 0xfc00) === 0xdc00;

function exampleAt(record: unknown, index: number, fields: Parameters<typeof parseExample>[1]): SentenceExample {
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
