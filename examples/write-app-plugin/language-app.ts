import {
  AbortError,
  type App,
  type AppInstance,
  checkDto,
  type Evaluation,
  type EvaluationCase,
  IsInt,
  IsString,
  type Issue,
  injectable,
  Min,
  type Model,
  type RunContext,
  TextItem,
  ValidationError,
} from '@zooid/spec';
import { countGrams } from './grams.js';
import { type ProfileConfig, profileConfigOf } from './profile-config.js';

export class LanguageParameters {
  /** Languages to return, best first. */
  @IsInt()
  @Min(1)
  topK = 3;
}

class LabelledText extends TextItem {
  @IsString()
  label!: string;
}

export interface Language {
  readonly language: string;
  readonly score: number;
  readonly scores: readonly { readonly label: string; readonly score: number }[];
}

/** Which language a text is written in. */
@injectable()
export class LanguageApp implements App<TextItem, LanguageParameters, Language> {
  readonly name = 'language';
  readonly task = 'text-classification';
  readonly description = 'The language a text is written in';
  readonly item = TextItem;
  readonly parameters = LanguageParameters;
  readonly output = {
    type: 'object',
    required: ['language', 'score', 'scores'],
    properties: { language: { type: 'string' }, score: { type: 'number' }, scores: { type: 'array' } },
  };

  async open(model: Model): Promise<LanguageInstance> {
    return new LanguageInstance(model, profileConfigOf(model.artifacts));
  }
}

class LanguageInstance implements AppInstance<TextItem, LanguageParameters, Language> {
  private readonly columns: ReadonlyMap<string, number>;

  constructor(
    private readonly model: Model,
    private readonly config: ProfileConfig,
  ) {
    this.columns = new Map(config.grams.map((gram, column) => [gram, column]));
  }

  async run(items: readonly TextItem[], { topK }: LanguageParameters, context?: RunContext): Promise<Language[]> {
    AbortError.throwIfAborted(context?.signal);
    const { grams, languages } = this.config;
    const texts = items.map(({ text }) => text);
    const counts = {
      dtype: 'float32',
      dims: [texts.length, grams.length],
      data: countGrams(texts, this.columns),
    } as const;
    const { logits } = await this.model.forward({ counts }, context);
    return texts.map((_, row) => {
      const probabilities = softmax(
        Array.from(logits!.data.slice(row * languages.length, (row + 1) * languages.length), Number),
      );
      const scores = languages
        .map((label, i) => ({ label, score: probabilities[i]! }))
        .sort((a, b) => b.score - a.score)
        .slice(0, topK);
      return { language: scores[0]!.label, score: scores[0]!.score, scores };
    });
  }

  /** Accuracy on records `{ text, label }`. */
  async evaluate(records: readonly unknown[], context?: RunContext): Promise<Evaluation<Language>> {
    const issues: Issue[] = [];
    const examples = records.flatMap((record, index) => {
      const { text, label } = Object(record) as Partial<LabelledText>;
      const checked = checkDto(LabelledText, { text, label }, `/${index}`);
      issues.push(...checked.issues);
      return checked.instance ?? [];
    });
    if (issues.length > 0) throw new ValidationError('records', issues);
    const answers = await this.run(examples, new LanguageParameters(), context);
    const correct = answers.filter(({ language }, i) => language === examples[i]!.label).length;
    return { answers, metrics: { accuracy: correct / answers.length }, cases: () => cases(examples, answers) };
  }

  /** The model belongs to the kernel; there is nothing else to release. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** For the page that `zooid evaluate --report` writes. */
function* cases(examples: readonly LabelledText[], answers: readonly Language[]): Generator<EvaluationCase> {
  for (const [index, { text, label }] of examples.entries()) {
    const { language, score } = answers[index]!;
    yield { kind: 'labels', index, text, expected: [label], answered: [{ label: language, score }] };
  }
}

function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
