import { type App, injectable, type LabelScore, type Model, type OpenContext, RecipeOptions } from '@zooid/spec';
import { TrainingTask } from '@zooid/trainer';
import { labelScoresSchema, TextClassificationItem, TextClassificationParameters } from './dto.js';
import { TextClassificationOptions } from './options.js';
import { TextClassificationInstance } from './text-classification-instance.js';
import { textClassificationTask } from './text-classification-task.js';

/** Which label, or labels, a text or a pair of texts has. */
@injectable()
export class TextClassificationApp
  implements App<TextClassificationItem, TextClassificationParameters, readonly LabelScore[]>
{
  readonly name = 'text-classification';
  readonly task = 'text-classification';
  readonly description = 'Labels of a text or of a pair of texts, with their probabilities';
  readonly item = TextClassificationItem;
  readonly parameters = TextClassificationParameters;
  readonly output = labelScoresSchema;
  readonly capabilities: ReadonlyMap<symbol, unknown> = new Map<symbol, unknown>([
    [TrainingTask.key, textClassificationTask],
    [RecipeOptions.key, TextClassificationOptions],
  ]);

  open(model: Model, context: OpenContext): Promise<TextClassificationInstance> {
    return TextClassificationInstance.open(model, context);
  }
}
