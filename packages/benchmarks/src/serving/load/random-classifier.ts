import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bertEncoder, type EncoderConfig, parseEncoderConfig, sequenceClassificationHead } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { type HostTensor, Random } from '@zooid/tensor';
import { type BuiltModel, compileInference, compileProgram, declareParameters } from '@zooid/trainer';

const labels = 10;
const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
/** Characters from here on are the vocabulary, in Unicode's order. */
const firstCharacter = 0x4e00;

/** Sizes of classifiers, dropout aside. */
export const sizes = {
  mini: {
    hidden_size: 256,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    intermediate_size: 1024,
    vocab_size: 8000,
    max_position_embeddings: 512,
  },
  base: {
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    vocab_size: 21_128,
    max_position_embeddings: 512,
  },
} as const;

/**
 * A folder as the Hub has them: a BERT sequence classifier of random weights with its graph, and a vocabulary of characters.
 *
 * @param options.states also an output of the graph: the states of all tokens after the last layer, so that all are computed,
 *   as in the graphs of other exporters.
 */
export async function writeRandomClassifier(
  folder: string,
  size: keyof typeof sizes,
  { states = false } = {},
): Promise<void> {
  const fields = { model_type: 'bert', ...sizes[size] };
  const config = parseEncoderConfig(fields);
  const build = (context: Parameters<typeof bertEncoder>[0]): BuiltModel => {
    const encoder = bertEncoder(context, config);
    return {
      outputs: {
        logits: sequenceClassificationHead(context, config, encoder, labels),
        last_hidden_state: encoder.lastHiddenState,
      },
    };
  };
  const outputs = states ? ['logits', 'last_hidden_state'] : ['logits'];
  const graph = compileInference({ build, outputs, weights: randomWeights(build) });
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx/model.onnx'), writeModel(graph));
  const id2label = Object.fromEntries(Array.from({ length: labels }, (_, i) => [i, `label ${i}`]));
  const architectures = ['BertForSequenceClassification'];
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...fields, architectures, id2label }));
  await writeFile(join(folder, 'vocab.txt'), `${vocabulary(config).join('\n')}\n`);
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'BertTokenizer' }));
}

/** A text of so many tokens, `[CLS]` and `[SEP]` included. */
export function textOf(tokens: number, random: Random): string {
  return Array.from({ length: tokens - 2 }, () => String.fromCodePoint(firstCharacter + random.int(5000))).join('');
}

/** The ids that a text of {@link textOf} has. */
export function idsOf(text: string): number[] {
  return [2, ...Array.from(text, (character) => character.codePointAt(0)! - firstCharacter + special.length), 3];
}

function vocabulary({ vocab_size: size }: EncoderConfig): string[] {
  const characters = Array.from({ length: size - special.length }, (_, i) => String.fromCodePoint(firstCharacter + i));
  return [...special, ...characters];
}

function randomWeights(build: Parameters<typeof compileProgram>[0]['build']): Map<string, HostTensor<'float32'>> {
  const { parameters } = compileProgram({ name: 'declare', mode: 'evaluate', build });
  return new Map(
    declareParameters({ declared: parameters, random: new Random(1) }).map(({ name, shape, data }) => [
      name,
      { dtype: 'float32', dims: shape, data },
    ]),
  );
}
