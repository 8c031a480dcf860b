import { type App, injectable, type Model, type OpenContext, RecipeOptions } from '@zooid/spec';
import { TrainingTask } from '@zooid/trainer';
import type { SentenceOutput } from './answer.js';
import { SentenceItem, SentenceParameters, sentenceOutputSchema } from './dto.js';
import { SentenceBoundaryOptions } from './options.js';
import { SentenceBoundaryInstance } from './sentence-boundary-instance.js';
import { sentenceBoundaryTask } from './sentence-boundary-task.js';

/** Where the sentences of a text end that comes without marks, and which marks it lacks. */
@injectable()
export class SentenceBoundaryApp implements App<SentenceItem, SentenceParameters, SentenceOutput> {
  readonly name = 'sentence-boundary';
  readonly task = 'other';
  readonly description = 'Sentences and punctuation of text that comes without, whole or as it is being spoken';
  readonly item = SentenceItem;
  readonly parameters = SentenceParameters;
  readonly output = sentenceOutputSchema;
  readonly capabilities: ReadonlyMap<symbol, unknown> = new Map<symbol, unknown>([
    [TrainingTask.key, sentenceBoundaryTask],
    [RecipeOptions.key, SentenceBoundaryOptions],
  ]);

  open(model: Model, context: OpenContext): Promise<SentenceBoundaryInstance> {
    return SentenceBoundaryInstance.open(model, context);
  }
}
