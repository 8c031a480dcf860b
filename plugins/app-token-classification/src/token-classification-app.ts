import { type App, injectable, type Model, type OpenContext, RecipeOptions, TextItem } from '@zooid/spec';
import { TrainingTask } from '@zooid/trainer';
import type { TokenClassificationAnswer } from './answer.js';
import { entitiesSchema, TokenClassificationParameters } from './dto.js';
import { TokenClassificationOptions } from './options.js';
import { TokenClassificationInstance } from './token-classification-instance.js';
import { tokenClassificationTask } from './token-classification-task.js';

/** Which parts of a text are what: names of people and places, slots of a request. */
@injectable()
export class TokenClassificationApp implements App<TextItem, TokenClassificationParameters, TokenClassificationAnswer> {
  readonly name = 'token-classification';
  readonly task = 'token-classification';
  readonly description = 'Named entities, slots and other labelled spans of a text';
  readonly item = TextItem;
  readonly parameters = TokenClassificationParameters;
  readonly output = entitiesSchema;
  readonly capabilities: ReadonlyMap<symbol, unknown> = new Map<symbol, unknown>([
    [TrainingTask.key, tokenClassificationTask],
    [RecipeOptions.key, TokenClassificationOptions],
  ]);

  open(model: Model, context: OpenContext): Promise<TokenClassificationInstance> {
    return TokenClassificationInstance.open(model, context);
  }
}
