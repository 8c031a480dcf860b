import { type App, injectable, type Model, type OpenContext, TextItem } from '@zooid/spec';
import { embeddingSchema, FeatureExtractionParameters } from './dto.js';
import { type Embedding, FeatureExtractionInstance } from './feature-extraction-instance.js';

/** Vectors of texts, for search, clustering and whatever learns on top of them. */
@injectable()
export class FeatureExtractionApp implements App<TextItem, FeatureExtractionParameters, Embedding> {
  readonly name = 'feature-extraction';
  readonly task = 'feature-extraction';
  readonly description = 'Embedding of a text, or of each of its tokens';
  readonly item = TextItem;
  readonly parameters = FeatureExtractionParameters;
  readonly output = embeddingSchema;

  open(model: Model, context: OpenContext): Promise<FeatureExtractionInstance> {
    return FeatureExtractionInstance.open(model, context);
  }
}
