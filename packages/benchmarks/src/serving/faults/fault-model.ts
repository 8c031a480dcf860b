import { writeModelFolder } from '@zooid/hub';
import { bertEncoder, parseEncoderConfig, sequenceClassificationHead } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { type HostTensor, Random } from '@zooid/tensor';
import { newTokenizerFiles, tokenizerFromVocab } from '@zooid/tokenizers';
import {
  type BuiltModel,
  compileInference,
  compileProgram,
  declareParameters,
  type ModelBuilder,
} from '@zooid/trainer';

const labels = ['bad', 'fine', 'good'];
const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...letters, ...letters.map((letter) => `##${letter}`)];

/** About 300 kB: a forward pass takes a millisecond or two, so that what is tried is the server. */
const encoder = {
  model_type: 'bert',
  vocab_size: words.length,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 128,
  max_position_embeddings: 128,
};

/**
 * Writes a classifier of random weights as `zooid train` leaves one, with a manifest; its graph also gives the states that
 * vectors of texts are made of. Another seed gives another
 * revision. The folder holds the old model or the new one at any time, so it may be replaced while it is served.
 *
 * @param damage Bytes for the graph's file in place of the graph: the manifest then vouches for them.
 */
export async function writeFaultModel(folder: string, seed: number, damage?: Uint8Array): Promise<void> {
  const id2label = Object.fromEntries(labels.map((label, i) => [i, label]));
  await writeModelFolder(folder, {
    config: { ...encoder, architectures: ['BertForSequenceClassification'], id2label },
    files: new Map<string, string | Uint8Array>([
      ...newTokenizerFiles(tokenizerFromVocab(words), { maxLength: encoder.max_position_embeddings }),
      ['onnx/model.onnx', damage ?? graph(seed)],
    ]),
    manifest: {
      id: 'fault',
      app: 'text-classification',
      method: 'fine-tune',
      recipe: {},
      data: [],
      seeds: [seed],
      metrics: {},
      createdWith: {},
    },
    card: '',
  });
}

function graph(seed: number): Uint8Array {
  const config = parseEncoderConfig(encoder);
  const build: ModelBuilder = (context): BuiltModel => {
    const states = bertEncoder(context, config);
    const logits = sequenceClassificationHead(context, config, states, labels.length);
    return { outputs: { logits, last_hidden_state: states.lastHiddenState } };
  };
  const { parameters } = compileProgram({ name: 'declare', mode: 'evaluate', build });
  const weights = new Map<string, HostTensor<'float32'>>(
    declareParameters({ declared: parameters, random: new Random(seed) }).map(({ name, shape, data }) => [
      name,
      { dtype: 'float32', dims: shape, data },
    ]),
  );
  return writeModel(compileInference({ build, outputs: ['logits', 'last_hidden_state'], weights }));
}

/** Texts of many lengths, from one word to more than the model reads. */
export function faultTexts(count: number): string[] {
  const random = new Random(5);
  const word = () => Array.from({ length: 1 + random.int(6) }, () => letters[random.int(letters.length)]).join('');
  return Array.from({ length: count }, () => Array.from({ length: 1 + random.int(16) }, word).join(' '));
}
