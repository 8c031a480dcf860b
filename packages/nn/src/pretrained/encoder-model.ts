import type { Value } from '@zooid/onnx';
import type { EncoderConfig } from '../encoder/config.js';
import type { EncoderOutput } from '../encoder/encoder.js';
import type { EncoderFamily } from '../encoder/family.js';
import { discriminatorHead } from '../heads/discriminator.js';
import { maskedLanguageModelHead } from '../heads/masked-language-model.js';
import { sequenceClassificationHead } from '../heads/sequence-classification.js';
import { tokenClassificationHead } from '../heads/token-classification.js';
import type { ModuleContext } from '../module-context.js';
import { labelCount } from './labels.js';
import type { Architectures } from './pretrained-model.js';

interface Encoded {
  readonly context: ModuleContext;
  readonly config: EncoderConfig;
  readonly encoder: EncoderOutput;
  /** Asked for by classifiers only. */
  readonly labels: () => number;
}

type Outputs = Readonly<Record<string, Value>>;

/** Outputs by the ending of the architecture's name. */
const heads: Readonly<Record<string, (encoded: Encoded) => Outputs>> = {
  Model: ({ encoder }) => ({ last_hidden_state: encoder.lastHiddenState }),
  ForSequenceClassification: ({ context, config, encoder, labels }) => ({
    logits: sequenceClassificationHead(context, config, encoder, labels()),
  }),
  ForTokenClassification: ({ context, config, encoder, labels }) => ({
    logits: tokenClassificationHead(context, config, encoder.lastHiddenState, labels()),
  }),
  ForMaskedLM: ({ context, config, encoder }) => ({
    logits: maskedLanguageModelHead(context, config, encoder.lastHiddenState),
  }),
};

/** ELECTRA is pre-trained as a discriminator; the others' pre-training heads contain the masked-language-model one. */
const preTraining: Readonly<Record<string, (encoded: Encoded) => Outputs>> = {
  bert: heads.ForMaskedLM!,
  albert: heads.ForMaskedLM!,
  electra: ({ context, config, encoder }) => ({ logits: discriminatorHead(context, config, encoder.lastHiddenState) }),
};

/** First parts of the names of heads, ours and those we do not build (question answering, sentence order). */
const headRoots = new Set(
  (
    'cls classifier pre_classifier lm_head vocab_transform vocab_layer_norm vocab_projector generator_predictions ' +
    'generator_lm_head discriminator_predictions predictions sop_classifier qa_outputs score'
  ).split(' '),
);
const buffers = /\.(position_ids|token_type_ids)$/;

/** The networks of one family of encoders. */
export function encoderModel(family: EncoderFamily): Architectures {
  const { className, prefix, pooler, vocabularyHead } = family;
  const pretraining = preTraining[family.modelType];
  const builders: typeof heads = { ...heads, ...(pretraining !== undefined && { ForPreTraining: pretraining }) };
  return {
    names: Object.keys(builders).map((ending) => className + ending),
    model(config, architecture) {
      const parsed = family.parse(config);
      const build = builders[architecture.slice(className.length)]!;
      return {
        architecture,
        wordTable: `${prefix}.embeddings.word_embeddings.weight`,
        emit: (context) =>
          build({ context, config: parsed, encoder: family.build(context, parsed), labels: () => labelCount(config) }),
        canonicalName: family.canonicalName,
        // Newer files may keep the bias only where the tied layer has it.
        alternativeName: (name) => (name === vocabularyHead.bias ? `${vocabularyHead.decoder}.bias` : undefined),
        isSpare: (name) =>
          buffers.test(name) ||
          headRoots.has(name.split('.')[0]!) ||
          (pooler !== undefined && name.startsWith(`${prefix}.${pooler}.`)),
      };
    },
  };
}
