import { type App, injectable, type Model, type OpenContext, RecipeOptions } from '@zooid/spec';
import { TrainingTask } from '@zooid/trainer';
import { SegmentationItem, SegmentationParameters, segmentationOutputSchema } from './dto.js';
import { SegmentationOptions } from './options.js';
import { SegmentationInstance, type SegmentationOutput } from './segmentation-instance.js';
import { segmentationTask } from './segmentation-task.js';

/** The words of Chinese text, at the granularity that the caller asks for. */
@injectable()
export class SegmentationApp implements App<SegmentationItem, SegmentationParameters, SegmentationOutput> {
  readonly name = 'segmentation';
  readonly task = 'other';
  readonly description = 'Words of Chinese text at several granularities, with dictionaries that are obeyed';
  readonly item = SegmentationItem;
  readonly parameters = SegmentationParameters;
  readonly output = segmentationOutputSchema;
  readonly capabilities: ReadonlyMap<symbol, unknown> = new Map<symbol, unknown>([
    [TrainingTask.key, segmentationTask],
    [RecipeOptions.key, SegmentationOptions],
  ]);

  open(model: Model, context: OpenContext): Promise<SegmentationInstance> {
    return SegmentationInstance.open(model, context);
  }
}
