import { type App, HubTask, injectable, type Model, type OpenContext, RecipeOptions } from '@zooid/spec';
import { TrainingTask } from '@zooid/trainer';
import { IntentItem, IntentParameters, intentOutputSchema } from './dto.js';
import { IntentInstance, type IntentOutput } from './intent-instance.js';
import { intentTask } from './intent-task.js';
import { IntentOptions } from './options.js';

/** Which of a set of intents a text expresses, with the help of a lexicon of known names. */
@injectable()
export class IntentApp implements App<IntentItem, IntentParameters, IntentOutput> {
  readonly name = 'intent';
  readonly task = 'text-classification';
  readonly description = 'Intent of a text, with slot-gated knowledge from lexicons';
  readonly item = IntentItem;
  readonly parameters = IntentParameters;
  readonly output = intentOutputSchema;
  readonly capabilities: ReadonlyMap<symbol, unknown> = new Map<symbol, unknown>([
    [TrainingTask.key, intentTask],
    [RecipeOptions.key, IntentOptions],
    [HubTask.key, { parameters: { top_k: 'topK' }, answer: ({ scores }) => scores } satisfies HubTask<IntentOutput>],
  ]);

  open(model: Model, context: OpenContext): Promise<IntentInstance> {
    return IntentInstance.open(model, context);
  }
}
