import { type App, injectable, type Model, type OpenContext } from '@zooid/spec';
import { FillMaskItem, FillMaskParameters, fillMaskOutputSchema } from './dto.js';
import { FillMaskInstance, type FillMaskOutput } from './fill-mask-instance.js';

/** Guesses the words behind masks, by a masked language model. */
@injectable()
export class FillMaskApp implements App<FillMaskItem, FillMaskParameters, FillMaskOutput> {
  readonly name = 'fill-mask';
  readonly task = 'fill-mask';
  readonly description = 'Guesses masked words of a text';
  readonly item = FillMaskItem;
  readonly parameters = FillMaskParameters;
  readonly output = fillMaskOutputSchema;
  readonly capabilities: ReadonlyMap<symbol, unknown> = new Map();

  open(model: Model, context: OpenContext): Promise<FillMaskInstance> {
    return FillMaskInstance.open(model, context);
  }
}
