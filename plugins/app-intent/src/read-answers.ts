import { type TensorMap, toFloat32 } from '@zooid/tensor';
import { answerOf, type IntentAnswer } from './answer.js';
import { SlotTagger, slotsOf } from './answer-slots.js';
import type { TextFeatures } from './featurizer.js';
import type { IntentConfig } from './intent-config.js';

/** A text as it went into the network. */
export interface ReadText {
  readonly text: string;
  readonly features: TextFeatures;
  /** Instead of the model's. */
  readonly threshold?: number | undefined;
}

export type AnswerWithSlots = IntentAnswer & Required<Pick<IntentAnswer, 'slots'>>;

/** Reads answers off what the network gives; the same for training and serving. */
export class AnswerReader {
  private readonly tagger: SlotTagger | undefined;

  constructor(private readonly config: IntentConfig) {
    const { options, goldTypes } = config;
    this.tagger = options.slots === 'predict' ? new SlotTagger(goldTypes) : undefined;
  }

  /** What must be fetched. */
  get outputs(): readonly string[] {
    return this.tagger === undefined ? ['logits'] : ['logits', 'slot_logits'];
  }

  /** One answer per row of `logits` `[batch, labels]` and `slot_logits` `[batch, sequence, tags]`. */
  read(texts: readonly ReadText[], { logits, slot_logits }: TensorMap): AnswerWithSlots[] {
    const scores = toFloat32(logits!);
    const tags = slot_logits && toFloat32(slot_logits);
    const width = this.config.labels.length;
    return texts.map(({ text, features, threshold = this.config.threshold }, row) => {
      const answer = answerOf(scores.subarray(row * width, (row + 1) * width), { ...this.config, threshold });
      const size = tags === undefined ? 0 : slot_logits!.dims[1]! * slot_logits!.dims[2]!;
      const own = tags?.subarray(row * size, (row + 1) * size);
      const predicted = own && this.tagger?.slots(text, features.encoding, own);
      return { ...answer, slots: slotsOf(text, features.placed, predicted ?? []) };
    });
  }
}
